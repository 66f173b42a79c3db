using System.Diagnostics.CodeAnalysis;
using Inferometer.Core;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Formats;

/// <summary>A GGUF file, version 2 or 3, little endian, mapped into memory. Thread-safe until disposed.</summary>
public sealed class GgufModelFile : ITensorSource
{
    private readonly MappedFile _file;
    private readonly Dictionary<string, ModelTensor> _tensorsByName;

    private GgufModelFile(GgufHeader header, MappedFile file)
    {
        Header = header;
        _file = file;
        Tensors = [.. header.Tensors.Select(tensor => new ModelTensor(
            file, tensor.Name, new EquatableList<long>(tensor.Shape.Reverse()), tensor.Type, header.DataOffset + tensor.Offset,
                tensor.ByteCount))];
        _tensorsByName = Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Metadata and tensor table.</summary>
    public GgufHeader Header { get; }

    /// <inheritdoc/>
    public string Path => Header.Source;

    /// <inheritdoc/>
    public IReadOnlyList<ModelTensor> Tensors { get; }

    /// <summary>Reads and checks the header, then maps the file.</summary>
    /// <exception cref="InferometerException">The file cannot be opened, or is not a sound GGUF file.</exception>
    public static GgufModelFile Open(string path) => Open(GgufHeader.Read(path));

    /// <summary>Maps a file whose header was read.</summary>
    /// <param name="header">Header of a file, with its path as the source.</param>
    /// <exception cref="InferometerException">The file cannot be opened, its length has changed, or tensors share bytes.</exception>
    public static GgufModelFile Open(GgufHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        CheckLayout(header);
        return new GgufModelFile(header, MappedFile.Open(header.Source, header.FileLength));
    }

    /// <inheritdoc/>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out ModelTensor? tensor) => _tensorsByName.TryGetValue(name, out tensor);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>What the header's own checks leave open: tensors that share bytes, and a file without any.</summary>
    internal static void CheckLayout(GgufHeader header)
    {
        if (header.Tensors.Count == 0)
        {
            throw new InferometerException($"{header.Source}: the file holds metadata only, no tensors.");
        }

        TensorExtents.RequireDisjoint(header.Source, [.. header.Tensors.Select(tensor => (tensor.Name, tensor.Offset, tensor.ByteCount))]);
    }
}
