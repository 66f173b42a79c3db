namespace Inferometer.Core.Frameworks;

/// <summary>What a framework sizes its steps by on devices of some memory.</summary>
/// <param name="BelowBytes">Holds for devices with less memory than this; infinite = for all.</param>
/// <param name="Named">Holds only for devices whose name begins so; empty = for all.</param>
/// <param name="StepTokens">Most tokens of one pass, which buffers are made for.</param>
/// <param name="Sequences">Most sequences of one pass, which buffers are made for.</param>
/// <param name="BudgetTokens">Most tokens that the scheduler puts into a step; where more than <paramref name="StepTokens"/>, the step is
/// computed in several passes.</param>
/// <param name="Running">Most requests that the scheduler runs beside each other.</param>
public sealed record FrameworkSize(
    double BelowBytes, EquatableList<string> Named, int StepTokens, int Sequences, int BudgetTokens, int Running);
