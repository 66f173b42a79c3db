using System.Diagnostics.CodeAnalysis;

namespace Inferometer.Core.Gguf;

/// <summary>
/// The header of a GGUF file, versions 2 and 3, little endian: metadata, and the place of every tensor. Every length, count and
/// offset is checked against the length of the file before anything is allocated for it, so a damaged or hostile file costs no more
/// memory than a small multiple of its own size. Immutable; safe to share between threads.
/// </summary>
/// <remarks>Format: github.com/ggml-org/ggml/blob/master/docs/gguf.md.</remarks>
public sealed class GgufHeader
{
    private readonly Dictionary<string, GgufValue> _metadata;
    private readonly Dictionary<string, GgufTensorInfo> _tensorsByName;

    internal GgufHeader(
        int version,
        int alignment,
        IReadOnlyList<GgufPart> parts,
        Dictionary<string, GgufValue> metadata,
        List<GgufTensorInfo> tensors)
    {
        Version = version;
        Alignment = alignment;
        Parts = parts;
        _metadata = metadata;
        Tensors = tensors;
        _tensorsByName = tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
    }

    /// <summary>Path or name of the file, of the first where the model is split; for messages.</summary>
    public string Source => Parts[0].Source;

    /// <summary>The files: one, or the parts of a split model in order.</summary>
    public IReadOnlyList<GgufPart> Parts { get; }

    /// <summary>Format version, 2 or 3.</summary>
    public int Version { get; }

    /// <summary>Length of the whole file, or of all parts, bytes.</summary>
    public long FileLength => Parts.Sum(part => part.FileLength);

    /// <summary>Alignment of tensor data, bytes, in the first file; a power of two.</summary>
    public int Alignment { get; }

    /// <summary>All metadata by key.</summary>
    public IReadOnlyDictionary<string, GgufValue> Metadata => _metadata;

    /// <summary>All tensors in file order.</summary>
    public IReadOnlyList<GgufTensorInfo> Tensors { get; }

    /// <summary>The value of <c>general.architecture</c>.</summary>
    /// <exception cref="InferometerException">The key is missing or not a string.</exception>
    public string Architecture => GetString("general.architecture");

    /// <summary>Reads the header of a file, or those of all parts of a split model of which it is one.</summary>
    /// <exception cref="InferometerException">The file cannot be opened, is not a sound GGUF file, or is a part of which others are
    /// missing.</exception>
    public static GgufHeader Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        GgufHeader header = ReadFile(path);
        return GgufSplit.Place(header).Count > 1 ? GgufSplit.Join(header, ReadFile) : header;
    }

    private static GgufHeader ReadFile(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return Read(stream, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new InferometerException($"{(path.Length == 0 ? "''" : path)}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>
    /// Reads the header from the start of a seekable stream, whose length is taken as the file's; of a part of a split model that part's
    /// alone.
    /// The stream stays open.
    /// </summary>
    /// <param name="stream">Stream at any position; it is read from 0.</param>
    /// <param name="source">Name of the file, for messages.</param>
    /// <exception cref="InferometerException">The content is not a sound GGUF file.</exception>
    public static GgufHeader Read(Stream stream, string source)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(source);
        stream.Position = 0;
        ParsedFiles.Count(source);
        return new GgufHeaderParser(new GgufReader(stream, source)).Parse();
    }

    /// <summary>The header of a split model: metadata of the first part, tensors of all.</summary>
    /// <exception cref="InferometerException">Two parts hold a tensor of the same name.</exception>
    internal static GgufHeader Joined(GgufHeader[] parts)
    {
        var tensors = new List<GgufTensorInfo>();
        var holders = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int part = 0; part < parts.Length; part++)
        {
            foreach (GgufTensorInfo tensor in parts[part].Tensors)
            {
                if (!holders.TryAdd(tensor.Name, part))
                {
                    throw new InferometerException(
                        $"{parts[part].Source}: tensor '{tensor.Name}' is in {parts[holders[tensor.Name]].Source} as well.");
                }

                tensors.Add(tensor with { Part = part });
            }
        }

        return new GgufHeader(
            parts[0].Version, parts[0].Alignment, [.. parts.Select(part => part.Parts[0])], parts[0]._metadata, tensors);
    }

    /// <summary>Finds a tensor by name.</summary>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out GgufTensorInfo? tensor) => _tensorsByName.TryGetValue(name, out tensor);

    /// <summary>The string under <paramref name="key"/>.</summary>
    /// <exception cref="InferometerException">The key is missing or not a string.</exception>
    public string GetString(string key) => Require(key, "a string", v => v.AsString());

    /// <summary>The integer under <paramref name="key"/>, of any stored width.</summary>
    /// <exception cref="InferometerException">The key is missing or not an integer.</exception>
    public long GetInt64(string key) => (long)Require(key, "an integer", v => v.AsInt64() is { } x ? (object)x : null);

    /// <summary>The string under <paramref name="key"/>, or <paramref name="fallback"/> where the key is absent.</summary>
    /// <exception cref="InferometerException">The key is there but not a string.</exception>
    [return: NotNullIfNotNull(nameof(fallback))]
    public string? GetString(string key, string? fallback) => _metadata.ContainsKey(key) ? GetString(key) : fallback;

    /// <summary>The integer under <paramref name="key"/>, or <paramref name="fallback"/> where the key is absent.</summary>
    /// <exception cref="InferometerException">The key is there but not an integer.</exception>
    public long GetInt64(string key, long fallback) => _metadata.ContainsKey(key) ? GetInt64(key) : fallback;

    /// <summary>The number under <paramref name="key"/>, or <paramref name="fallback"/> where the key is absent.</summary>
    /// <exception cref="InferometerException">The key is there but not a number.</exception>
    public double GetDouble(string key, double fallback) => _metadata.ContainsKey(key)
        ? (double)Require(key, "a number", v => v.AsDouble() is { } x ? (object)x : null)
        : fallback;

    /// <summary>The truth value under <paramref name="key"/>, or <paramref name="fallback"/> where the key is absent.</summary>
    /// <exception cref="InferometerException">The key is there but not a bool.</exception>
    public bool GetBool(string key, bool fallback) => _metadata.ContainsKey(key)
        ? (bool)Require(key, "a bool", v => v.AsBool() is { } x ? (object)x : null)
        : fallback;

    private T Require<T>(string key, string expected, Func<GgufValue, T?> read)
        where T : class
    {
        if (!_metadata.TryGetValue(key, out GgufValue? value))
        {
            throw new InferometerException($"{Source}: the GGUF metadata has no '{key}'; it should be {expected}.");
        }

        return read(value)
            ?? throw new InferometerException($"{Source}: GGUF metadata '{key}' is {value.Kind} {value}; it should be {expected}.");
    }
}
