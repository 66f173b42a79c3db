namespace Inferometer.Measurement.Sizes;

/// <summary>How far predictions of memory are from what was published.</summary>
/// <param name="Outcomes">Row by row.</param>
public sealed record SizeSummary(IReadOnlyList<SizeOutcome> Outcomes)
{
    /// <summary>Rows that are predicted.</summary>
    public int Compared => Outcomes.Count(o => o.Error is not null);

    /// <summary>Median of the absolute errors; NaN where nothing is compared.</summary>
    public double MedianError
    {
        get
        {
            double[] errors = [.. Outcomes.Where(o => o.Error is not null).Select(o => Math.Abs(o.Error!.Value)).Order()];
            return errors.Length == 0 ? double.NaN
                : errors.Length % 2 == 1 ? errors[errors.Length / 2]
                : (errors[(errors.Length / 2) - 1] + errors[errors.Length / 2]) / 2;
        }
    }

    /// <summary>Share of the compared rows whose error is within a bound.</summary>
    /// <param name="bound">Largest absolute error, such as 0.03.</param>
    public double ShareWithin(double bound) =>
        Compared == 0 ? double.NaN : (double)Outcomes.Count(o => o.Error is { } e && Math.Abs(e) <= bound) / Compared;
}
