using Inferometer.Reports.Documents;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Metrics;

/// <summary>How much of the hardware a phase of an estimate uses, in the order of the columns.</summary>
public static class PhaseMetrics
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Metric<HardwareUtilization>> All { get; } =
    [
        new()
        {
            Key = "flop_utilization", Name = "FLOP utilisation", Unit = "", Heading = "compute", Better = Direction.HigherIsBetter,
            Definition = "sum over the operators of FLOPs / peak of the format each runs in, over time x stages",
            Of = u => u.FlopUtilization,
            Format = (_, share) => Numbers.Percent(share),
        },
        new()
        {
            Key = "bandwidth_utilization", Name = "Bandwidth utilisation", Unit = "", Heading = "memory", Better = Direction.HigherIsBetter,
            Definition = "bytes of the device's own memory / (time x bandwidth x stages)",
            Of = u => u.BandwidthUtilization,
            Format = (_, share) => Numbers.Percent(share),
        },
        new()
        {
            Key = "arithmetic_intensity", Name = "Arithmetic intensity", Unit = "FLOP/byte", Heading = "FLOP/byte",
            Definition = "FLOPs / memory bytes",
            Of = u => u.ArithmeticIntensity,
        },
        new()
        {
            Key = "flops", Name = "Operations", Unit = "FLOP", Heading = "FLOP per step",
            Definition = "operations of a step on one device of the tensor-parallel group",
            Of = u => u.Flops,
            Format = (_, flops) => Numbers.Si(flops, "FLOP"),
        },
        new()
        {
            Key = "memory_bytes", Name = "Memory traffic", Unit = "bytes", Heading = "bytes per step",
            Definition = "bytes to and from memory of a step on the same device",
            Of = u => u.MemoryBytes,
            Format = (_, bytes) => Numbers.Bytes(bytes),
        },
    ];
}
