using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>A GGUF file: everything is taken over as it is, only the tensors' format changes.</summary>
internal sealed class GgufSource : IConversionSource
{
    private readonly GgufModelFile _file;

    public GgufSource(string path)
    {
        _file = GgufModelFile.Open(path);
        long parts = _file.Header.GetInt64("split.count", 1);
        if (parts > 1)
        {
            _file.Dispose();
            throw new InferometerException($"{path}: is one of {parts} parts of a split model; join them first.");
        }

        Tensors = [.. _file.Tensors.Select(tensor => new ConvertedTensor(tensor.Name, [.. tensor.Shape]) { Sources = [tensor] })];
    }

    public IReadOnlyList<ConvertedTensor> Tensors { get; }

    public IReadOnlyList<string> Notes => [];

    public void WriteMetadata(GgufWriter writer)
    {
        foreach ((string key, GgufValue value) in _file.Header.Metadata)
        {
            if (key is not "general.alignment")
            {
                writer.Set(key, value);
            }
        }
    }

    public void Dispose() => _file.Dispose();
}
