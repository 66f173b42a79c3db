using System.Globalization;

namespace Inferometer.Sweeps.Tables;

/// <summary>One axis of a plot: where a value lies between its ends, 0 to 1, and which values are written beside it.</summary>
internal sealed class PlotScale
{
    // Values that span more than this are easier to tell apart by their ratios.
    private const double LogarithmicSpan = 20;
    private readonly bool _isLogarithmic;
    private readonly double _low;
    private readonly double _high;

    private PlotScale(bool isLogarithmic, double low, double high, IReadOnlyList<(double At, string Label)> ticks) =>
        (_isLogarithmic, _low, _high, Ticks) = (isLogarithmic, low, high, ticks);

    /// <summary>Values with what is written of them.</summary>
    public IReadOnlyList<(double At, string Label)> Ticks { get; }

    /// <summary>A scale for numbers.</summary>
    public static PlotScale Of(IReadOnlyCollection<double> values)
    {
        double least = values.Min(), most = values.Max();
        bool logarithmic = least > 0 && most / least > LogarithmicSpan;
        if (logarithmic)
        {
            double[] steps = most / least > 1000 ? [1] : [1, 2, 5];
            IEnumerable<double> powers = from power in Enumerable.Range((int)Math.Floor(Math.Log10(least)), 40)
                                         from step in steps
                                         select step * Math.Pow(10, power);
            return new(true, Math.Log(least), Math.Log(most), Labelled(powers.Where(v => v >= least && v <= most * 1.0001)));
        }

        double low = least > 0 && least < most / 2 ? 0 : least, high = most > low ? most : low + 1;
        double unit = Unit((high - low) / 5);
        IEnumerable<double> at = Enumerable.Range(0, 12).Select(i => (Math.Ceiling(low / unit) + i) * unit).Where(v => v <= high * 1.0001);
        return new(false, low, high, Labelled(at));
    }

    /// <summary>A scale for words, one beside the other.</summary>
    public static PlotScale Of(IReadOnlyList<string> words) => new(
        false, -0.5, words.Count - 0.5, [.. words.Select((word, i) => ((double)i, word))]);

    /// <summary>Where a value lies, 0 to 1.</summary>
    public double Place(double value) => _high > _low ? ((_isLogarithmic ? Math.Log(value) : value) - _low) / (_high - _low) : 0.5;

    private static double Unit(double about)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(about)));
        return (about / power) switch { < 1.5 => power, < 3.5 => 2 * power, < 7.5 => 5 * power, _ => 10 * power };
    }

    private static IReadOnlyList<(double At, string Label)> Labelled(IEnumerable<double> values) =>
        [.. values.Select(v => (v, v.ToString(Math.Abs(v) < 1e6 ? "#,0.######" : "0.###e+0", CultureInfo.InvariantCulture)))];
}
