using Inferometer.History.Records;

namespace Inferometer.Reports.Runs;

/// <summary>A run in a report.</summary>
/// <param name="Record">The run, with its series.</param>
/// <param name="Label">What it is called there: its name, or the first digits of its id.</param>
/// <param name="Colour">Number of its colour, from 0.</param>
public sealed record ReportedRun(RunRecord Record, string Label, int Colour);
