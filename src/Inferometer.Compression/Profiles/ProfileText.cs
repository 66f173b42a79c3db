namespace Inferometer.Compression.Profiles;

/// <summary>A text for a profile.</summary>
/// <param name="Name">Name, for the profile's record.</param>
/// <param name="Windows">Token windows of equal length.</param>
public sealed record ProfileText(string Name, IReadOnlyList<int[]> Windows);
