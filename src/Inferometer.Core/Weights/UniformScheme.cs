namespace Inferometer.Core.Weights;

/// <summary>Every tensor in <see cref="WeightScheme.Main"/>.</summary>
public sealed record UniformScheme : WeightScheme
{
    /// <inheritdoc/>
    public override Func<WeightTensor, StoredWeight> For(WeightFacts facts) =>
        tensor => new(tensor.Elements * Main.BytesPerElement, Main);
}
