using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Measurement.Local;

/// <summary>How steady a machine was while it was calibrated.</summary>
/// <param name="Stretches">What was measured.</param>
/// <param name="Readings">Readings of the pace, before and after each attempt and while waiting.</param>
public sealed record PaceReport(EquatableList<PacedStretch> Stretches, int Readings)
{
    /// <summary>Stretches that were measured more than once.</summary>
    public IEnumerable<PacedStretch> Repeated => Stretches.Where(s => s.Attempts > 1);

    /// <summary>Stretches that count although the machine was slow: no quick moment came.</summary>
    public IEnumerable<PacedStretch> Slow => Stretches.Where(s => s.IsSlow && !s.IsLeftOut);

    /// <summary>Whether all that counts was measured in quick moments.</summary>
    public bool IsSteady => !Slow.Any();

    /// <summary>The largest slowness of what counts: 0.1 is a tenth slower than in quick moments.</summary>
    public double Slowness => Stretches.Where(s => !s.IsLeftOut).Max(s => s.Slowness);

    /// <summary>In a sentence or two, for people and files.</summary>
    public string Summary
    {
        get
        {
            int repeated = Repeated.Count(), slow = Slow.Count(), leftOut = Stretches.Count(s => s.IsLeftOut);
            string again = repeated == 0
                ? ""
                : $" The machine was up to {Percent(Repeated.Max(s => s.FirstSlowness))} slower during {repeated} of {Stretches.Count} "
                    + "stretches, which were measured again"
                    + (leftOut > 0 ? $"; {leftOut} of them never in a quick moment, and left out." : ".");
            return slow == 0
                ? $"Steady: within {Percent(Slowness)} of its quick moments in all that counts.{again}"
                : $"Not steady: the machine was up to {Percent(Slowness)} slower than in its quick moments during {slow} of "
                    + $"{Stretches.Count} stretches that count.{again}";
        }
    }

    private static string Percent(double share) => (100 * Math.Max(0, share)).ToString("0", CultureInfo.InvariantCulture) + " %";
}
