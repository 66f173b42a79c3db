using Inferometer.Core.Deployments;

namespace Inferometer.Core.Weights;

/// <summary>What the rules of formats ask of a model beside its tensors.</summary>
public sealed record WeightFacts
{
    /// <summary>Type of the model, as in config.json.</summary>
    public required string ModelType { get; init; }

    /// <summary>Layers.</summary>
    public required int Layers { get; init; }

    /// <summary>For every layer, how many layers before it have value projections.</summary>
    public required IReadOnlyList<int> ValueOrdinals { get; init; }

    /// <summary>Layers with value projections.</summary>
    public required int ValueLayers { get; init; }

    /// <summary>Query heads per key/value head of the first attention layer.</summary>
    public required int QueriesPerKeyHead { get; init; }

    /// <summary>Routed experts of the layer with most; 0 = none.</summary>
    public required int Experts { get; init; }

    /// <summary>The LM head is the token table.</summary>
    public required bool TiedEmbeddings { get; init; }

    /// <summary>
    /// The format of the published routed experts, which llama.cpp's usual files keep whatever the rest is in (gpt-oss: MXFP4, whose
    /// rows hold no blocks of 256); null = files quantise them like the rest.
    /// </summary>
    public Precision? KeptExperts { get; init; }

    /// <summary>Devices that share the inner width of an expert.</summary>
    public int ExpertSplit { get; init; } = 1;
}
