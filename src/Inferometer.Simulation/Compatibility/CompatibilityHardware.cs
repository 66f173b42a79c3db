namespace Inferometer.Simulation.Compatibility;

/// <summary>
/// A device preset as the reproduced simulators hold it. Their bandwidths are labelled GB/s and multiplied by 2^30, their memory
/// sizes likewise: give the number on the label and it is scaled the same way.
/// </summary>
public sealed record CompatibilityHardware
{
    /// <summary>Name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>Peak bf16 rate, TFLOP/s.</summary>
    public required double PeakTeraFlops { get; init; }

    /// <summary>Memory size as labelled, taken as GiB.</summary>
    public required double MemoryGib { get; init; }

    /// <summary>Memory bandwidth as labelled, taken as GiB/s.</summary>
    public required double MemoryBandwidthGib { get; init; }

    /// <summary>Link bandwidth as labelled, taken as GiB/s.</summary>
    public required double LinkBandwidthGib { get; init; }

    /// <summary>Link latency, microseconds.</summary>
    public double LinkLatencyMicroseconds { get; init; } = 1;

    /// <summary>gpu, cpu, asic, accelerator; null when the preset does not say.</summary>
    public string? Kind { get; init; }

    /// <summary>Maker; null when the preset does not say.</summary>
    public string? Manufacturer { get; init; }

    /// <summary>Such as <c>HBM3e</c>; null when the preset does not say.</summary>
    public string? MemoryType { get; init; }

    /// <summary>Tensor-core generation, such as <c>gen4</c>; null when the preset does not say.</summary>
    public string? TensorCores { get; init; }

    /// <summary>Measured constants that replace the efficiency table, or null.</summary>
    public CompatibilityCalibration? Calibration { get; init; }

    /// <summary>
    /// The device was described in place instead of being named. For a CPU in the <c>bud</c> dialect this switches the decode floor on.
    /// </summary>
    public bool GivenInline { get; init; }

    internal bool IsCpu => string.Equals(Kind, "cpu", StringComparison.OrdinalIgnoreCase);

    internal double PeakFlopsPerSecond => PeakTeraFlops * 1e12;

    internal double MemoryBytes => MemoryGib * Gibi;

    internal double MemoryBytesPerSecond => MemoryBandwidthGib * Gibi;

    internal double LinkBytesPerSecond => LinkBandwidthGib * Gibi;

    internal double LinkLatencySeconds => LinkLatencyMicroseconds * 1e-6;

    internal const double Gibi = 1024.0 * 1024 * 1024;

    internal const double Mebi = 1024.0 * 1024;
}

/// <summary>Constants fitted to measurements of one device.</summary>
/// <param name="Prefill">For prefill.</param>
/// <param name="Decode">For decode.</param>
public sealed record CompatibilityCalibration(CompatibilityPhaseCalibration? Prefill, CompatibilityPhaseCalibration? Decode);

/// <summary>Fitted constants of one phase.</summary>
/// <param name="ComputeEfficiency">Fraction of peak arithmetic; null = the table's.</param>
/// <param name="MemoryEfficiency">Fraction of bandwidth; null = the table's.</param>
/// <param name="LaunchMs">Fixed cost of every operator, milliseconds.</param>
/// <param name="StreamMsPerLayer">Cost of each sequence beyond the first in every layer, milliseconds; decode only.</param>
public sealed record CompatibilityPhaseCalibration(
    double? ComputeEfficiency, double? MemoryEfficiency, double LaunchMs, double StreamMsPerLayer);
