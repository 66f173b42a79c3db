namespace Inferometer.Core.Weights;

/// <summary>A scheme with the formats of some parts replaced.</summary>
public sealed record OverriddenScheme : WeightScheme
{
    /// <summary>What the other parts follow.</summary>
    public required WeightScheme Base { get; init; }

    /// <summary>Schemes of single parts.</summary>
    public required EquatableList<PartScheme> Parts { get; init; }

    /// <inheritdoc/>
    public override bool IsGguf => Base.IsGguf;

    /// <inheritdoc/>
    public override double BytesBeside(double described) => 0;

    /// <inheritdoc/>
    public override Func<WeightTensor, StoredWeight> For(WeightFacts facts)
    {
        Func<WeightTensor, StoredWeight> rest = Base.For(facts);
        Dictionary<WeightPart, Func<WeightTensor, StoredWeight>> parts = Parts.ToDictionary(p => p.Part, p => p.Scheme.For(facts));
        return tensor => parts.TryGetValue(WeightParts.Of(tensor.Kind), out Func<WeightTensor, StoredWeight>? own)
            ? own(tensor)
            : rest(tensor);
    }
}
