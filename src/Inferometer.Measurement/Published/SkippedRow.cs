namespace Inferometer.Measurement.Published;

/// <summary>A row of a table that is no measurement of the kinds that are read.</summary>
/// <param name="Line">Line of the file, from 1.</param>
/// <param name="Reason">Why it was left out.</param>
public sealed record SkippedRow(int Line, string Reason);
