using Inferometer.Core;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// A file that appears under its name only when it is complete: it is written beside it and renamed, or deleted when given up.
/// </summary>
public sealed class AtomicFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporaryPath;
    private bool _committed;

    /// <summary>Creates the temporary file.</summary>
    /// <param name="path">The name it gets in the end.</param>
    /// <exception cref="InferometerException">The file cannot be created there.</exception>
    public AtomicFile(string path)
    {
        _path = Path.GetFullPath(path);
        _temporaryPath = _path + "." + Guid.NewGuid().ToString("N")[..8] + ".partial";
        try
        {
            Stream = new FileStream(_temporaryPath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 20);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InferometerException($"{path}: cannot be written: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>What to write to.</summary>
    public FileStream Stream { get; }

    /// <summary>Makes the file durable and gives it its name, replacing an older one.</summary>
    public void Commit()
    {
        Stream.Flush(flushToDisk: true);
        Stream.Dispose();
        File.Move(_temporaryPath, _path, overwrite: true);
        _committed = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Stream.Dispose();
        }
        catch (IOException) when (!_committed)
        {
            // What is given up need not be written: the disk may be full of it.
        }
        finally
        {
            if (!_committed)
            {
                File.Delete(_temporaryPath);
            }
        }
    }
}
