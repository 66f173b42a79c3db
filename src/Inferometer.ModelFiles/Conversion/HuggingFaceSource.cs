using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Generation;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>A Hugging Face folder, renamed and laid out as GGUF has it.</summary>
internal sealed class HuggingFaceSource : IConversionSource
{
    private readonly string _folder;
    private readonly SafetensorsModel _weights;
    private readonly ArchitectureMetadata _metadata;

    public HuggingFaceSource(string folder)
    {
        _folder = folder;
        ModelArchitecture model = HuggingFaceConfigReader.Read(folder);
        _metadata = new ArchitectureMetadata(model, folder);
        _weights = SafetensorsModel.Open(folder);
        try
        {
            HuggingFaceMapping mapping = new(model, _metadata.Architecture, _weights);
            Tensors = mapping.Build();
            Notes = mapping.Notes;
        }
        catch
        {
            _weights.Dispose();
            throw;
        }
    }

    public IReadOnlyList<ConvertedTensor> Tensors { get; }

    public IReadOnlyList<string> Notes { get; }

    public void WriteMetadata(GgufWriter writer)
    {
        _metadata.Write(writer);
        ConvertedTensor embedding = Tensors.FirstOrDefault(tensor => tensor.Name is "token_embd.weight")
            ?? throw new InferometerException($"{_folder}: the weights hold no token embedding.");
        TokenizerMetadata.Write(writer, _folder, checked((int)embedding.Rows));
        SamplingDefaults.Read(_folder).Write(writer);
    }

    public void Dispose() => _weights.Dispose();
}
