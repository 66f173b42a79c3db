namespace Inferometer.Sweeps.Spaces;

/// <summary>What is said of a setting.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Text">Its value, as an option would have it.</param>
public sealed record SaidSetting(PointSetting Setting, string Text);
