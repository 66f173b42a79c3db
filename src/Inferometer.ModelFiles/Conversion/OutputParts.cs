using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>The files of a new model: one, or parts named and marked as llama.cpp's gguf-split does.</summary>
internal sealed class OutputParts : IDisposable
{
    private readonly List<AtomicFile> _files = [];

    /// <summary>Creates the files.</summary>
    /// <param name="output">Path of the new model.</param>
    /// <param name="count">Files.</param>
    /// <exception cref="InferometerException">A file cannot be created.</exception>
    public OutputParts(string output, int count)
    {
        string stem = output.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? output[..^5] : output;
        Paths = count == 1 ? [output] : [.. Enumerable.Range(0, count).Select(part => GgufSplit.PartName(stem, part, count))];
        try
        {
            foreach (string path in Paths)
            {
                _files.Add(new AtomicFile(path));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The files' names.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>What to write a file to.</summary>
    public Stream Stream(int part) => _files[part].Stream;

    /// <summary>How many tensors go to each file: in order, as many as the limits allow, at least one.</summary>
    /// <param name="sizes">Bytes of each tensor.</param>
    /// <param name="options">The limits.</param>
    public static List<int> Divide(IReadOnlyList<long> sizes, ConversionOptions options)
    {
        List<int> counts = [0];
        long bytes = 0;
        foreach (long size in sizes)
        {
            bool isFull = (options.MaxPartBytes > 0 && bytes + size > options.MaxPartBytes)
                || (options.MaxPartTensors > 0 && counts[^1] == options.MaxPartTensors);
            if (isFull && counts[^1] > 0)
            {
                counts.Add(0);
                bytes = 0;
            }

            counts[^1]++;
            bytes += size;
        }

        return counts;
    }

    /// <summary>Says in a file's metadata which part it is.</summary>
    public void Mark(GgufWriter writer, int part, int tensors)
    {
        if (Paths.Count > 1)
        {
            writer.Set(GgufSplit.NumberKey, checked((ushort)part));
            writer.Set(GgufSplit.CountKey, checked((ushort)Paths.Count));
            writer.Set(GgufSplit.TensorsKey, tensors);
        }
    }

    /// <summary>All files are complete: they get their names.</summary>
    public void Commit() => _files.ForEach(file => file.Commit());

    /// <summary>Removes what was not completed.</summary>
    public void Dispose() => _files.ForEach(file => file.Dispose());
}
