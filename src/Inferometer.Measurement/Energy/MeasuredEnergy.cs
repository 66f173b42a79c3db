namespace Inferometer.Measurement.Energy;

/// <summary>Energy that the counters of this machine's processors took, everything that ran on them included.</summary>
/// <param name="PackageJoules">Of the processors' packages.</param>
/// <param name="DramJoules">Of the memory beside them; null = there is no counter of it.</param>
/// <param name="Seconds">Over this time.</param>
public sealed record MeasuredEnergy(double PackageJoules, double? DramJoules, double Seconds)
{
    /// <summary>All that is counted.</summary>
    public double Joules => PackageJoules + (DramJoules ?? 0);

    /// <summary>Mean power, watts; 0 where no time passed.</summary>
    public double Watts => Seconds > 0 ? Joules / Seconds : 0;

    /// <summary>What is counted, in words.</summary>
    public string Covers => DramJoules is null ? "processor packages; no counter of memory" : "processor packages and memory";
}
