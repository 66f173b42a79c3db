using System.IO.MemoryMappedFiles;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Formats;

/// <summary>A whole file mapped read-only. Pointers into it are valid until it is disposed.</summary>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _pointer;

    private MappedFile(string path, MemoryMappedFile map, long length)
    {
        Path = path;
        Length = length;
        _map = map;
        _view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _pointer);
        _pointer += _view.PointerOffset;

        // Where the file system keeps files in large pieces, they are read and mapped in such pieces.
        MemoryAdvice.PreferHugePages(_pointer, length);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its length, bytes.</summary>
    public long Length { get; }

    /// <summary>First byte of the file in memory.</summary>
    /// <exception cref="ObjectDisposedException">The mapping was given back.</exception>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pointer is null, this);
            return _pointer;
        }
    }

    /// <summary>Maps a file whose layout was checked against <paramref name="checkedLength"/>.</summary>
    /// <param name="path">The file; must not be empty.</param>
    /// <param name="checkedLength">Length the checks were made with; the file must still have it.</param>
    /// <exception cref="InferometerException">The file cannot be opened, or its length has changed.</exception>
    public static MappedFile Open(string path, long checkedLength)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length != checkedLength)
            {
                throw new InferometerException(
                    $"{path}: its length changed from {checkedLength} to {stream.Length} bytes while it was being opened.");
            }

            MemoryMappedFile map = MemoryMappedFile.CreateFromFile(
                stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            return new MappedFile(path, map, checkedLength);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InferometerException($"{path}: cannot be mapped into memory: {error.Message}", error);
        }
    }

    /// <summary>Gives the pages of a part that will not be read soon back to the system.</summary>
    /// <param name="offset">First byte of the part.</param>
    /// <param name="byteCount">Its length.</param>
    public void Release(long offset, long byteCount) => MemoryAdvice.ReleaseMapped(Pointer + offset, byteCount);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_pointer is null)
        {
            return;
        }

        _pointer = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }
}
