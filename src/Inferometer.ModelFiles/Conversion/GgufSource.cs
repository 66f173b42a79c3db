using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>A GGUF file: everything is taken over as it is, only the tensors' format changes.</summary>
internal sealed class GgufSource : IConversionSource
{
    private readonly GgufHeader _header;

    public GgufSource(Checkpoint model, GgufHeader header)
    {
        _header = header;
        Tensors = [.. model.Tensors.Tensors.Select(tensor => new ConvertedTensor(tensor.Name, [.. tensor.Shape]) { Sources = [tensor] })];
    }

    public IReadOnlyList<ConvertedTensor> Tensors { get; }

    public IReadOnlyList<string> Notes => [];

    public void WriteMetadata(GgufWriter writer)
    {
        foreach ((string key, GgufValue value) in _header.Metadata)
        {
            if (key is not ("general.alignment" or GgufSplit.NumberKey or GgufSplit.CountKey or GgufSplit.TensorsKey))
            {
                writer.Set(key, value);
            }
        }
    }
}
