using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>A model to be converted: its metadata and tensors as a GGUF file has them.</summary>
internal interface IConversionSource
{
    IReadOnlyList<ConvertedTensor> Tensors { get; }

    IReadOnlyList<string> Notes { get; }

    void WriteMetadata(GgufWriter writer);
}
