using Inferometer.Core.Deployments;

namespace Inferometer.Core.Weights;

/// <summary>One exception of a mix: which tensors get another block format, in which layers of which models.</summary>
public sealed record GgufMixRule
{
    /// <summary>Classes: value, key, query, attention_output, gate, up, down (experts' included), expert.</summary>
    public required EquatableList<string> Tensors { get; init; }

    /// <summary>first_2, first_4, first_eighth, first_sixteenth, middle, more_bits; null = every layer.</summary>
    public string? Layers { get; init; }

    /// <summary>queries_per_key_4, experts_4, experts_8, not_experts_8, falcon, not_falcon; null = every model.</summary>
    public string? When { get; init; }

    /// <summary>The block format.</summary>
    public required Precision Type { get; init; }

    internal bool Applies(string tensor, int layer, int ordinal, WeightFacts facts) =>
        Tensors.Contains(tensor, StringComparer.Ordinal) && IsModel(facts) && IsLayer(tensor, layer, ordinal, facts);

    private bool IsModel(WeightFacts facts) => When switch
    {
        null => true,
        "queries_per_key_4" => facts.QueriesPerKeyHead >= 4,
        "experts_4" => facts.Experts >= 4,
        "experts_8" => facts.Experts == 8,
        "not_experts_8" => facts.Experts != 8,
        "falcon" => facts.ModelType is "falcon",
        "not_falcon" => facts.ModelType is not "falcon",
        _ => throw new InferometerException($"catalog/formats/gguf.json: the field 'when' is '{When}', which is not known."),
    };

    // Value projections are counted among themselves: layers with other mixers have none.
    private bool IsLayer(string tensor, int layer, int ordinal, WeightFacts facts)
    {
        (int i, int n) = tensor is "value" ? (ordinal, facts.ValueLayers) : (layer, facts.Layers);
        return Layers switch
        {
            null => true,
            "first_2" => i < 2,
            "first_4" => i < 4,
            "first_eighth" => i < n / 8,
            "first_sixteenth" => i < n / 16,
            "middle" => i >= n / 8 && i < 7 * n / 8,
            "more_bits" => i < n / 8 || i >= 7 * n / 8 || (i - (n / 8)) % 3 == 2,
            _ => throw new InferometerException($"catalog/formats/gguf.json: the field 'layers' is '{Layers}', which is not known."),
        };
    }
}
