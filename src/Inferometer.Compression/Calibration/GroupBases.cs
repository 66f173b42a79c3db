namespace Inferometer.Compression.Calibration;

/// <summary>
/// Bases of one KV head, or of a group of neighbouring ones that share latents; vectors of a group are those of its heads one after
/// another.
/// </summary>
/// <param name="Keys">Of keys before their rotation.</param>
/// <param name="Values">Of values.</param>
public sealed record GroupBases(WeightedBasis Keys, WeightedBasis Values);
