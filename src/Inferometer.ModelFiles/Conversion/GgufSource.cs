using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Layouts;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>A GGUF file: everything is taken over as it is, only the tensors' format changes.</summary>
internal sealed class GgufSource : IConversionSource
{
    private readonly GgufHeader _header;

    public GgufSource(Checkpoint model, GgufHeader header)
    {
        _header = header;
        IReadOnlyList<ModelTensor> stored = model.Tensors is CheckpointLayout layout ? layout.Stored : model.Tensors.Tensors;
        Tensors = [.. stored.Select(tensor => new ConvertedTensor(tensor.Name, [.. tensor.Shape]) { Sources = [tensor] })];
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
