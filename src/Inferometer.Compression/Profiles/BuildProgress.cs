namespace Inferometer.Compression.Profiles;

/// <summary>How far a build is.</summary>
/// <param name="Stage"><c>calibration</c>, <c>bases</c>, <c>sensitivities</c> or <c>levels</c>.</param>
/// <param name="Share">Share of the stage done, 0 to 1.</param>
public sealed record BuildProgress(string Stage, double Share);
