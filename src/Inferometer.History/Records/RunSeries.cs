namespace Inferometer.History.Records;

/// <summary>
/// Values behind figures: one a request, a repetition, or a stretch of time. Series of one run that count requests are aligned: value i of
/// each is of the same request; NaN where that one has none.
/// </summary>
/// <param name="Key">Name, snake case with the unit.</param>
/// <param name="Unit">Unit of the values; empty for none.</param>
/// <param name="Values">The values, in the order in which they came.</param>
/// <param name="Axis">
/// Key of the series of the same run whose values these are over, one for one: rates of a sweep, times of a watch. Null = they are only in
/// the order in which they came.
/// </param>
public sealed record RunSeries(string Key, string Unit, IReadOnlyList<double> Values, string? Axis = null)
{
    /// <summary>The values that are there, NaN left out.</summary>
    public double[] Known() => [.. Values.Where(v => !double.IsNaN(v))];
}
