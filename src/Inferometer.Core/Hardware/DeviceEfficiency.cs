namespace Inferometer.Core.Hardware;

/// <summary>What fraction of a device's peaks real kernels reach. Defaults are for an accelerator nobody has calibrated.</summary>
public sealed record DeviceEfficiency
{
    /// <summary>Fraction of peak arithmetic that large matrix products reach.</summary>
    public double Compute { get; init; } = 0.7;

    /// <summary>Fraction of peak arithmetic that attention kernels reach.</summary>
    public double AttentionCompute { get; init; } = 0.5;

    /// <summary>Fraction of memory bandwidth that streaming weights reaches.</summary>
    public double Memory { get; init; } = 0.85;

    /// <summary>Fraction of memory bandwidth that attention reaches.</summary>
    public double AttentionMemory { get; init; } = 0.8;

    /// <summary>Fraction of link bandwidth that collectives reach.</summary>
    public double Link { get; init; } = 0.8;

    /// <summary>Fixed cost of starting one kernel, seconds.</summary>
    public double LaunchSeconds { get; init; } = 3e-6;

    /// <summary>Memory the framework and driver keep for themselves, bytes.</summary>
    public double ReservedBytes { get; init; } = 1.5e9;

    /// <summary>Where these fractions come from.</summary>
    public string Source { get; init; } = "generic default, not calibrated";
}
