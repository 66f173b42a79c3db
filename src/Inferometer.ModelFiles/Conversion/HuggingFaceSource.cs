using Inferometer.Core;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>A Hugging Face folder, renamed and laid out as GGUF has it.</summary>
internal sealed class HuggingFaceSource : IConversionSource
{
    private readonly Checkpoint _model;
    private readonly ArchitectureMetadata _metadata;
    private readonly HuggingFaceMapping _mapping;
    private readonly IReadOnlyList<string> _mappingNotes;
    private IReadOnlyList<string> _tokenizerNotes = []; // once the metadata are written

    public HuggingFaceSource(Checkpoint model)
    {
        _model = model;
        _metadata = new ArchitectureMetadata(model.Architecture, model.Path);
        _mapping = new HuggingFaceMapping(model.Architecture, _metadata.Family, model.Tensors);
        Tensors = _mapping.Build();
        _mappingNotes = _mapping.Notes;
    }

    public IReadOnlyList<ConvertedTensor> Tensors { get; }

    public IReadOnlyList<string> Notes =>
        [.. _model.SamplingDefaults.Notes.Concat(_tokenizerNotes).Distinct(StringComparer.Ordinal), .. _mappingNotes];

    public void WriteMetadata(GgufWriter writer)
    {
        _metadata.Write(writer);
        _mapping.WriteSlopes(writer);
        ConvertedTensor embedding = Tensors.FirstOrDefault(tensor => tensor.Name is "token_embd.weight")
            ?? throw new InferometerException($"{_model.Path}: the weights hold no token embedding.");
        using var files = TokenizerFiles.Read(_model.Path);
        _tokenizerNotes = files.Notes;
        TokenizerMetadata.Write(writer, HuggingFaceTokenizer.Load(files), files, checked((int)embedding.Rows));
        if (_model.Architecture.TokenTypes > 0)
        {
            writer.Set("tokenizer.ggml.token_type_count", (uint)_model.Architecture.TokenTypes);
        }

        _metadata.WritePooling(writer, _model.EmbeddingDefaults, Tensors.Any(tensor => tensor.Name is "cls.output.weight"));
        _model.SamplingDefaults.Write(writer);
    }
}
