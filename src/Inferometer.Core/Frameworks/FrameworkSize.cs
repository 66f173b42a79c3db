namespace Inferometer.Core.Frameworks;

/// <summary>What a framework sizes its steps by on devices of some memory.</summary>
/// <param name="BelowBytes">Holds for devices with less memory than this; infinite = for all.</param>
/// <param name="Named">Holds only for devices whose name begins so; empty = for all.</param>
/// <param name="StepTokens">Most tokens of one step.</param>
/// <param name="Sequences">Most sequences of one step.</param>
public sealed record FrameworkSize(double BelowBytes, EquatableList<string> Named, int StepTokens, int Sequences);
