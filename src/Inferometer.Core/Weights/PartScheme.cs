namespace Inferometer.Core.Weights;

/// <summary>The scheme of one part.</summary>
/// <param name="Part">The part.</param>
/// <param name="Scheme">How it is stored.</param>
public sealed record PartScheme(WeightPart Part, WeightScheme Scheme);
