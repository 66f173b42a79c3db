namespace Inferometer.Compression.Calibration;

/// <summary>What a unit of dropped eigenvalue costs in each layer: divergence of the model's predictions.</summary>
/// <param name="Keys">[layer], nats per unit.</param>
/// <param name="Values">[layer], nats per unit.</param>
public sealed record LayerSensitivities(IReadOnlyList<double> Keys, IReadOnlyList<double> Values)
{
    /// <summary>All layers alike, keys and values too: for bases without measured sensitivities.</summary>
    public static LayerSensitivities Equal(int layers) => new([.. Enumerable.Repeat(1.0, layers)], [.. Enumerable.Repeat(1.0, layers)]);
}
