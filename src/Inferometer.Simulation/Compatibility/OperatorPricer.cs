using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Compatibility;

/// <summary>The rates one phase runs at on one device.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DeviceRates(
    double MacsPerSecond,
    double MemoryBytesPerSecond,
    double OnChipBytesPerSecond,
    CompatibilityPrecision Precision,
    CompatibilityNetwork Network)
{
    /// <summary>Every device, CPUs included, is given the same unlimited on-chip memory.</summary>
    private const double OnChipGib = 18000;

    public static DeviceRates Of(
        CompatibilityDialect dialect,
        CompatibilityHardware hardware,
        CompatibilityDeployment deployment,
        double memoryBytesPerSecond,
        PhaseEfficiency efficiency)
    {
        CompatibilityPrecision precision = dialect.Precisions.Find(deployment.Bits, dialect.Name);
        return new DeviceRates(
            hardware.PeakFlopsPerSecond / 2 * efficiency.Compute / precision.ComputeTimeMultiplier,
            memoryBytesPerSecond * efficiency.Memory,
            OnChipGib * CompatibilityHardware.Gibi * efficiency.Memory,
            precision,
            new CompatibilityNetwork(hardware.LinkBytesPerSecond, hardware.LinkLatencySeconds));
    }
}

/// <summary>
/// Prices single operators: the longest of arithmetic, operand traffic and communication; nothing overlaps with anything else.
/// </summary>
internal static class OperatorPricer
{
    public static CompatibilityOperator Price(GraphNode node, CompatibilityDialect dialect, DeviceRates rates)
    {
        OperatorSpec spec = node.Operator;
        double width = rates.Precision.BytesPerElement;
        double computeSeconds = spec.Macs / rates.MacsPerSecond;
        Message? message = spec as Message;
        double communicationSeconds = message is null
            ? 0
            : CompatibilityCollectives.Seconds(dialect, message.Collective, message.Elements * width, message.Ranks, rates.Network);
        return new CompatibilityOperator
        {
            Name = spec.Name,
            Kind = spec.Kind,
            Block = spec.Block,
            Collective = message?.Collective,
            Count = node.Count,
            Shapes = spec.Shapes(dialect.RowsBeforeTokens),
            MegaFlops = 2 * spec.Macs / 1e6,
            InputMib = spec.InputElements * width / CompatibilityHardware.Mebi,
            WeightMib = spec.WeightElements * width / CompatibilityHardware.Mebi,
            OutputMib = spec.OutputElements * width / CompatibilityHardware.Mebi,
            ComputeMs = 1000 * computeSeconds,
            // Weights of experts that no token chose have a size but no time.
            MemoryMs = computeSeconds == 0 ? 0 : 1000 * MemorySeconds(spec, rates),
            CommunicationMs = 1000 * communicationSeconds,
        };
    }

    private static double MemorySeconds(OperatorSpec spec, DeviceRates rates)
    {
        double input = spec.OnChip.HasFlag(OnChip.Input) ? rates.OnChipBytesPerSecond : rates.MemoryBytesPerSecond;
        double output = spec.OnChip.HasFlag(OnChip.Output) ? rates.OnChipBytesPerSecond : rates.MemoryBytesPerSecond;
        return rates.Precision.BytesPerElement *
            ((spec.InputElements / input) + (spec.WeightElements / rates.MemoryBytesPerSecond) + (spec.OutputElements / output));
    }
}
