using Inferometer.History.Records;

namespace Inferometer.History.Comparison;

/// <summary>Statistics of a series and of its resamples.</summary>
/// <param name="Count">Values of the series.</param>
/// <param name="Values">For each statistic its value in every resample, widened for few values.</param>
internal sealed record Resamples(int Count, IReadOnlyDictionary<Statistic, double[]> Values);
