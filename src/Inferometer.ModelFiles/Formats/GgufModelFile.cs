using System.Diagnostics.CodeAnalysis;
using Inferometer.Core;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Formats;

/// <summary>A GGUF file, version 2 or 3, little endian, or all files of a split one, mapped into memory. Thread-safe until
/// disposed.</summary>
public sealed class GgufModelFile : ITensorSource
{
    private readonly MappedFile[] _files;
    private readonly Dictionary<string, ModelTensor> _tensorsByName;

    private GgufModelFile(GgufHeader header, MappedFile[] files)
    {
        Header = header;
        _files = files;
        Tensors = [.. header.Tensors.Select(tensor => new ModelTensor(
            files[tensor.Part], tensor.Name, new EquatableList<long>(tensor.Shape.Reverse()), tensor.Type,
            header.Parts[tensor.Part].DataOffset + tensor.Offset, tensor.ByteCount))];
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
        var files = new List<MappedFile>();
        try
        {
            foreach (GgufPart part in header.Parts)
            {
                files.Add(MappedFile.Open(part.Source, part.FileLength));
            }

            return new GgufModelFile(header, [.. files]);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <inheritdoc/>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out ModelTensor? tensor) => _tensorsByName.TryGetValue(name, out tensor);

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_files, file => file.Dispose());

    /// <summary>What the header's own checks leave open: tensors that share bytes, and a file without any.</summary>
    internal static void CheckLayout(GgufHeader header)
    {
        if (header.Tensors.Count == 0)
        {
            throw new InferometerException($"{header.Source}: the file holds metadata only, no tensors.");
        }

        for (int part = 0; part < header.Parts.Count; part++)
        {
            TensorExtents.RequireDisjoint(
                header.Parts[part].Source,
                [.. header.Tensors.Where(tensor => tensor.Part == part).Select(tensor => (tensor.Name, tensor.Offset, tensor.ByteCount))]);
        }
    }
}
