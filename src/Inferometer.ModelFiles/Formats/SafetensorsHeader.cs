using System.Buffers.Binary;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// The header of a safetensors file: an 8-byte length, then that much JSON naming each tensor's type, shape and place. Lengths,
/// offsets and shapes are checked against the length of the file. Immutable; thread-safe.
/// </summary>
/// <remarks>Format: github.com/huggingface/safetensors, README, "Format".</remarks>
public sealed class SafetensorsHeader
{
    private const long MaxHeaderBytes = 100_000_000; // the reference implementation's limit
    private const int MaxDimensions = 8;

    private SafetensorsHeader(string source, long fileLength, IReadOnlyList<SafetensorsTensorInfo> tensors)
    {
        Source = source;
        FileLength = fileLength;
        Tensors = tensors;
    }

    /// <summary>Path or name of the file, for messages.</summary>
    public string Source { get; }

    /// <summary>Length of the whole file, bytes.</summary>
    public long FileLength { get; }

    /// <summary>All tensors, in the order of the header.</summary>
    public IReadOnlyList<SafetensorsTensorInfo> Tensors { get; }

    /// <summary>Reads the header of a file.</summary>
    /// <exception cref="InferometerException">The file cannot be opened, is not a sound safetensors file, or holds an element type that is
    /// not known.</exception>
    public static SafetensorsHeader Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using FileStream stream = File.OpenRead(path);
            return Read(stream, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new InferometerException($"{path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>Reads the header from the start of a seekable stream, whose length is taken as the file's. The stream stays open.</summary>
    /// <exception cref="InferometerException">As for a file.</exception>
    public static SafetensorsHeader Read(Stream stream, string source)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(source);
        ParsedFiles.Count(source);
        stream.Position = 0;
        long fileLength = stream.Length;
        Span<byte> lengthBytes = stackalloc byte[8];
        if (fileLength < 10 || stream.ReadAtLeast(lengthBytes, 8, throwOnEndOfStream: false) < 8)
        {
            throw Unsound(source, $"it has {fileLength} bytes, too few for a header");
        }

        if (lengthBytes.SequenceEqual("version "u8))
        {
            throw Unsound(source, "it is a pointer of Git LFS; what it stands for was not fetched (git lfs pull)");
        }

        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (headerBytes > (ulong)Math.Min(fileLength - 8, MaxHeaderBytes))
        {
            throw Unsound(source, $"it states a header of {headerBytes} bytes; the file has {fileLength}, the limit is {MaxHeaderBytes}");
        }

        byte[] json = new byte[(int)headerBytes];
        if (stream.ReadAtLeast(json, json.Length, throwOnEndOfStream: false) < json.Length)
        {
            throw Unsound(source, "it ends within the header");
        }

        try
        {
            return new SafetensorsHeader(source, fileLength, ParseHeader(json, source, fileLength));
        }
        catch (JsonException error)
        {
            throw new InferometerException(
                $"{source}: not a sound safetensors file: its header is not the expected JSON: {error.Message}", error);
        }
    }

    private static List<SafetensorsTensorInfo> ParseHeader(ReadOnlySpan<byte> json, string source, long fileLength)
    {
        var tensors = new List<SafetensorsTensorInfo>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        long dataOffset = 8 + json.Length;
        SafetensorsJson reader = new(json);
        reader.Expect(JsonTokenType.StartObject);
        while (reader.NextName() is string name)
        {
            if (string.Equals(name, "__metadata__", StringComparison.Ordinal))
            {
                reader.SkipValue();
                continue;
            }

            if (!names.Add(name))
            {
                throw Unsound(source, $"tensor '{name}' appears twice");
            }

            tensors.Add(Check(reader.ReadTensor(name), source, dataOffset, fileLength));
        }

        reader.ExpectEnd();
        TensorExtents.RequireDisjoint(source, [.. tensors.Select(tensor => (tensor.Name, tensor.Offset, tensor.ByteCount))]);
        return tensors;
    }

    private static SafetensorsTensorInfo Check(RawSafetensor raw, string source, long dataOffset, long fileLength)
    {
        if (!SafetensorsTensorInfo.ElementTypes.TryGetValue(raw.Type, out int elementBytes))
        {
            throw new InferometerException(
                $"{source}: tensor '{raw.Name}' has element type '{raw.Type}'. Supported: "
                    + $"{string.Join(", ", SafetensorsTensorInfo.ElementTypes.Keys)}.");
        }

        if (raw.Shape.Count > MaxDimensions)
        {
            throw Unsound(source, $"tensor '{raw.Name}' has {raw.Shape.Count} dimensions, allowed are at most {MaxDimensions}");
        }

        UInt128 bytes = (UInt128)elementBytes;
        foreach (long extent in raw.Shape)
        {
            bytes *= (ulong)Math.Max(extent, 0);
            if (extent <= 0 || bytes > (ulong)fileLength)
            {
                throw Unsound(
                    source, $"tensor '{raw.Name}' has the shape [{string.Join(", ", raw.Shape)}], which is empty or larger than the file");
            }
        }

        if (raw.Start < 0 || raw.End > fileLength - dataOffset || raw.End < raw.Start)
        {
            throw Unsound(
                source, $"tensor '{raw.Name}' has the offsets [{raw.Start}, {raw.End}], outside the {fileLength - dataOffset} bytes of "
                    + $"data");
        }

        if (bytes != (UInt128)(raw.End - raw.Start))
        {
            throw Unsound(
                source, $"tensor '{raw.Name}' has {raw.End - raw.Start} bytes, its shape [{string.Join(", ", raw.Shape)}] in {raw.Type} "
                    + $"takes {bytes}");
        }

        return new SafetensorsTensorInfo(raw.Name, new EquatableList<long>(raw.Shape), raw.Type, dataOffset + raw.Start, (long)bytes);
    }

    private static InferometerException Unsound(string source, string problem) =>
        new($"{source}: not a sound safetensors file: {problem}.");
}
