using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>
/// Files of importance matrices as llama.cpp has them: GGUF of the type "imatrix" with two tensors per weight, <c>.in_sum2</c> and
/// <c>.counts</c>, and the older <c>.dat</c>: a count of entries, then for each a name, the number of windows and sums of squares times
/// them.
/// </summary>
public static class ImportanceFile
{
    private const string SumsEnding = ".in_sum2";
    private const string CountsEnding = ".counts";
    private const int MaxNameBytes = 4096;

    /// <summary>Reads a file of either kind.</summary>
    /// <exception cref="InferometerException">It cannot be read or is neither.</exception>
    public static ImportanceMatrix Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            if (!ModelFile.IsGguf(path))
            {
                return ParseOld(File.ReadAllBytes(path), path);
            }

            using GgufModelFile file = GgufModelFile.Open(path);
            return FromGguf(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>Writes a file: the older kind where the name ends in <c>.dat</c>, otherwise GGUF.</summary>
    /// <exception cref="InferometerException">It cannot be written.</exception>
    public static void Write(ImportanceMatrix matrix, string path)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentException.ThrowIfNullOrEmpty(path);
        using AtomicFile file = new(path);
        try
        {
            if (path.EndsWith(".dat", StringComparison.OrdinalIgnoreCase))
            {
                WriteOld(matrix, file.Stream);
            }
            else
            {
                WriteGguf(matrix, file.Stream);
            }

            file.Commit();
        }
        catch (IOException error)
        {
            throw new InferometerException($"{path}: cannot be written: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>Reads the older kind.</summary>
    /// <exception cref="InferometerException">The bytes are something else.</exception>
    internal static ImportanceMatrix ParseOld(ReadOnlySpan<byte> bytes, string source)
    {
        ReadOnlySpan<byte> rest = bytes;
        int count = Number(ref rest, 1, int.MaxValue, "entries", source);
        var entries = new Dictionary<string, ImportanceEntry>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            int length = Number(ref rest, 1, MaxNameBytes, "bytes of a name", source);
            string name = Encoding.UTF8.GetString(Take(ref rest, length, source));
            int windows = Number(ref rest, 0, int.MaxValue, "windows", source);
            int values = Number(ref rest, 1, rest.Length / sizeof(float), "sums", source);
            float[] sums = MemoryMarshal.Cast<byte, float>(Take(ref rest, values * sizeof(float), source)).ToArray();
            if (!entries.TryAdd(name, new ImportanceEntry(sums, [windows])))
            {
                throw new InferometerException($"{source}: not a sound importance matrix: the entry '{name}' appears twice.");
            }
        }

        return new ImportanceMatrix(source, entries);
    }

    private static ImportanceMatrix FromGguf(GgufModelFile file)
    {
        GgufHeader header = file.Header;
        string type = header.GetString("general.type", "");
        if (type is not "imatrix")
        {
            throw new InferometerException(
                $"{file.Path}: is a GGUF file of the type '{type}'; an importance matrix has the type 'imatrix'.");
        }

        var entries = new Dictionary<string, ImportanceEntry>(StringComparer.Ordinal);
        foreach (ModelTensor sums in file.Tensors.Where(tensor => tensor.Name.EndsWith(SumsEnding, StringComparison.Ordinal)))
        {
            string name = sums.Name[..^SumsEnding.Length];
            entries[name] = file.TryGetTensor(name + CountsEnding, out ModelTensor? counts)
                ? new ImportanceEntry(sums.DecodeAll(), counts.DecodeAll())
                : throw new InferometerException($"{file.Path}: tensor '{sums.Name}' has no '{name + CountsEnding}' beside it.");
        }

        return new ImportanceMatrix(file.Path, entries)
        {
            Texts = new EquatableList<string>(header.Metadata.GetValueOrDefault("imatrix.datasets")?.AsStrings() ?? []),
            Windows = (int)header.GetInt64("imatrix.chunk_count", 0),
            WindowTokens = (int)header.GetInt64("imatrix.chunk_size", 0),
        };
    }

    private static void WriteGguf(ImportanceMatrix matrix, Stream stream)
    {
        GgufWriter writer = new(stream);
        writer.Set("general.type", "imatrix");
        writer.Set("imatrix.datasets", [.. matrix.Texts]);
        writer.Set("imatrix.chunk_count", (uint)matrix.Windows);
        writer.Set("imatrix.chunk_size", (uint)matrix.WindowTokens);
        List<KeyValuePair<string, ImportanceEntry>> entries = [.. matrix.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal)];
        foreach ((string name, ImportanceEntry entry) in entries)
        {
            writer.DeclareTensor(name + SumsEnding, [entry.Counts.Length, entry.Columns], GgmlType.F32);
            writer.DeclareTensor(name + CountsEnding, [entry.Counts.Length, 1], GgmlType.F32);
        }

        writer.BeginData();
        foreach ((_, ImportanceEntry entry) in entries)
        {
            writer.Write(MemoryMarshal.AsBytes(entry.Sums.AsSpan()));
            writer.Write(MemoryMarshal.AsBytes(entry.Counts.AsSpan()));
        }

        writer.Finish();
    }

    /// <summary>An entry there has one count, of windows, and sums that are means per token times that count.</summary>
    private static void WriteOld(ImportanceMatrix matrix, Stream stream)
    {
        using BinaryWriter writer = new(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(matrix.Entries.Count);
        foreach ((string name, ImportanceEntry entry) in matrix.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(name);
            int windows = Math.Max(matrix.Windows, 1);
            writer.Write(bytes.Length);
            writer.Write(bytes);
            writer.Write(windows);
            writer.Write(entry.Sums.Length);
            for (int i = 0; i < entry.Sums.Length; i++)
            {
                float count = entry.Counts[i / entry.Columns];
                writer.Write(windows * (count > 0 ? entry.Sums[i] / count : 1));
            }
        }

        writer.Write(matrix.Windows);
        byte[] text = Encoding.UTF8.GetBytes(matrix.Texts.FirstOrDefault() ?? "");
        writer.Write(text.Length);
        writer.Write(text);
    }

    private static int Number(ref ReadOnlySpan<byte> rest, int least, int most, string what, string source)
    {
        int number = BinaryPrimitives.ReadInt32LittleEndian(Take(ref rest, sizeof(int), source));
        return number >= least && number <= most
            ? number
            : throw new InferometerException(
                $"{source}: not a sound importance matrix: it states {number} {what}; allowed are {least} to {most}.");
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, int count, string source)
    {
        if (count > rest.Length)
        {
            throw new InferometerException($"{source}: not a sound importance matrix: it ends where {count} more bytes were expected.");
        }

        ReadOnlySpan<byte> taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
