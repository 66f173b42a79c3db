using Inferometer.Serving;

namespace Inferometer.Measurement.Validation;

/// <summary>
/// How far predictions are from measurements: relative errors e = predicted / measured - 1, as shares (0.1 = 10 %).
/// </summary>
public sealed record ErrorStatistics
{
    /// <summary>Figures compared.</summary>
    public required int Count { get; init; }

    /// <summary>Mean of |e|: MAPE.</summary>
    public required double MeanAbsolute { get; init; }

    /// <summary>Median of |e|.</summary>
    public required double MedianAbsolute { get; init; }

    /// <summary>90th percentile of |e|.</summary>
    public required double P90Absolute { get; init; }

    /// <summary>Median of e, with its sign: negative where predictions are mostly too low.</summary>
    public required double MedianSigned { get; init; }

    /// <summary>Share of figures that were predicted below what was measured.</summary>
    public required double ShareBelow { get; init; }

    /// <summary>
    /// Share of figures within the range that was predicted for them; null where no prediction had a range.
    /// </summary>
    public double? Coverage { get; init; }

    /// <summary>Summarises comparisons.</summary>
    /// <returns>Null when there is none.</returns>
    public static ErrorStatistics? Of(IEnumerable<Comparison> comparisons)
    {
        ArgumentNullException.ThrowIfNull(comparisons);
        Comparison[] all = [.. comparisons];
        Comparison[] ranged = [.. all.Where(c => c.Range is not null)];
        return Of(all.Select(c => c.Error)) is { } statistics
            ? statistics with
            {
                Coverage = ranged.Length == 0
                    ? null
                    : (double)ranged.Count(c => c.Measured >= c.Range!.Value.Low && c.Measured <= c.Range.Value.High) / ranged.Length,
            }
            : null;
    }

    /// <summary>Summarises the errors of the baseline, where there is one.</summary>
    /// <returns>Null when there is none.</returns>
    public static ErrorStatistics? OfBaseline(IEnumerable<Comparison> comparisons)
    {
        ArgumentNullException.ThrowIfNull(comparisons);
        return Of(comparisons.Select(c => c.BaselineError).OfType<double>());
    }

    /// <summary>Summarises signed relative errors.</summary>
    /// <returns>Null when there is none.</returns>
    public static ErrorStatistics? Of(IEnumerable<double> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        double[] signed = [.. errors.Order()];
        if (signed.Length == 0)
        {
            return null;
        }

        double[] absolute = [.. signed.Select(Math.Abs).Order()];
        return new ErrorStatistics
        {
            Count = signed.Length,
            MeanAbsolute = absolute.Average(),
            MedianAbsolute = Percentile.Of(absolute, 50),
            P90Absolute = Percentile.Of(absolute, 90),
            MedianSigned = Percentile.Of(signed, 50),
            ShareBelow = (double)signed.Count(e => e < 0) / signed.Length,
        };
    }
}
