namespace Inferometer.Sweeps.Spaces;

/// <summary>A setting with the values that it takes.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Values">Its values, as an option would have them, in order.</param>
public sealed record Axis(PointSetting Setting, IReadOnlyList<string> Values);
