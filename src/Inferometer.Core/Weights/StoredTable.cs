namespace Inferometer.Core.Weights;

/// <summary>
/// The tensors that a file lists, exact to the byte: a kind of tensor in a layer has the mean bytes per element that the file gives it,
/// and tensors that belong to no part of the described network are counted beside it.
/// </summary>
public sealed record StoredTable : WeightScheme
{
    /// <summary>What the file holds, by layer and kind.</summary>
    public required EquatableList<StoredKind> Entries { get; init; }

    /// <summary>Bytes of all tensors of the file.</summary>
    public required double TotalBytes { get; init; }

    /// <inheritdoc/>
    public override bool IsGguf => true;

    /// <inheritdoc/>
    public override double BytesBeside(double described) => Math.Max(0, TotalBytes - described);

    /// <inheritdoc/>
    public override Func<WeightTensor, StoredWeight> For(WeightFacts facts)
    {
        Dictionary<(int Layer, WeightKind Kind), StoredKind> entries = Entries.ToDictionary(e => (e.Layer, e.Kind));
        return tensor => entries.TryGetValue((tensor.Layer, tensor.Kind), out StoredKind? entry)
            ? new(tensor.Elements * entry.BytesPerElement, entry.Format)
            : new(0, Main);
    }
}
