namespace Inferometer.Measurement.Energy;

/// <summary>Energy that was counted on this machine, of everything that ran on what is counted.</summary>
/// <param name="PackageJoules">Of the processors' packages; null = they show no counter.</param>
/// <param name="DramJoules">Of the memory beside them; null = there is no counter of it.</param>
/// <param name="Seconds">Over this time.</param>
public sealed record MeasuredEnergy(double? PackageJoules, double? DramJoules, double Seconds)
{
    /// <summary>Of the NVIDIA devices, by their power readings; null = none is read.</summary>
    public double? DeviceJoules { get; init; }

    /// <summary>The devices that <see cref="DeviceJoules"/> is of, in words; null = none.</summary>
    public string? Devices { get; init; }

    /// <summary>All that is counted.</summary>
    public double Joules => (PackageJoules ?? 0) + (DramJoules ?? 0) + (DeviceJoules ?? 0);

    /// <summary>Mean power, watts; 0 where no time passed.</summary>
    public double Watts => Seconds > 0 ? Joules / Seconds : 0;

    /// <summary>What is counted, in words.</summary>
    public string Covers
    {
        get
        {
            string processors = PackageJoules is null ? "no counter of processors"
                : DramJoules is null ? "processor packages; no counter of memory"
                : "processor packages and memory";
            return Devices is null ? processors : $"{Devices}; {processors}";
        }
    }
}
