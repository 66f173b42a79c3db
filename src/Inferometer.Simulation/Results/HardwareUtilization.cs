using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Results;

/// <summary>How much of the hardware one phase uses.</summary>
public sealed record HardwareUtilization
{
    /// <summary>Share of peak arithmetic, 0 to 1.</summary>
    public required double FlopUtilization { get; init; }

    /// <summary>Share of peak memory bandwidth, 0 to 1.</summary>
    public required double BandwidthUtilization { get; init; }

    /// <summary>FLOPs per byte of memory traffic.</summary>
    public required double ArithmeticIntensity { get; init; }

    /// <summary>Operations per step, one device of the tensor-parallel group.</summary>
    public required double Flops { get; init; }

    /// <summary>Bytes to and from memory per step, the same device.</summary>
    public required double MemoryBytes { get; init; }

    /// <summary>Bytes of collectives per step.</summary>
    public required double CollectiveBytes { get; init; }

    /// <summary>What most of the time goes to: compute, memory, offload_link, network or launch.</summary>
    public required string Bound { get; init; }

    internal static HardwareUtilization From(PhaseEstimate phase) => new()
    {
        FlopUtilization = phase.Totals.FlopUtilization,
        BandwidthUtilization = phase.Totals.BandwidthUtilization,
        ArithmeticIntensity = phase.Totals.ArithmeticIntensity,
        Flops = phase.Totals.Flops,
        MemoryBytes = phase.Totals.MemoryBytes,
        CollectiveBytes = phase.Totals.CollectiveBytes,
        Bound = phase.Operators.Count == 0
            ? "unknown"
            : ResultNames.Of(phase.Operators.GroupBy(o => o.Bound).OrderByDescending(g => g.Sum(o => o.TotalSeconds)).First().Key),
    };
}
