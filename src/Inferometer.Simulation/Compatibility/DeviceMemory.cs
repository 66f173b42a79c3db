using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility;

/// <summary>What a graph keeps on a device.</summary>
internal static class GraphCapacity
{
    public static CompatibilityCapacity Of(List<GraphNode> graph, CompatibilityPrecision precision, int divisor)
    {
        double SumMib(Func<OperatorSpec, bool> which) =>
            graph.Where(n => which(n.Operator))
                .Sum(n => n.Count * n.Operator.WeightElements) * precision.BytesPerElement / CompatibilityHardware.Mebi;

        return new CompatibilityCapacity(
            SumMib(o => o.Kind == CompatibilityOperatorKind.MatrixProduct),
            SumMib(o => o.Kind is CompatibilityOperatorKind.Score or CompatibilityOperatorKind.Value),
            SumMib(o => o.Kind == CompatibilityOperatorKind.MatrixProduct && o.Macs == 0),
            divisor);
    }
}

/// <summary>The capacity check, and the bandwidth that is left when part of the need lies beyond the device.</summary>
internal sealed record DeviceMemory(CompatibilityCapacity Capacity, double BytesPerSecond, bool IsOffloaded)
{
    public static DeviceMemory Of(CompatibilityDialect dialect, CompatibilitySetup setup, CompatibilityCapacity capacity)
    {
        CompatibilityHardware hardware = setup.Hardware;
        double need = capacity.RequiredMibPerDevice * CompatibilityHardware.Mebi;
        double bandwidth = hardware.MemoryBytesPerSecond;
        if (need <= hardware.MemoryBytes)
        {
            return new DeviceMemory(capacity, bandwidth, IsOffloaded: false);
        }

        if (!setup.Deployment.Offload)
        {
            throw new InferometerException(FormattableString.Invariant(
                $"'{setup.Model.Name}' does not fit: {need / CompatibilityHardware.Gibi:F1} GiB per device for weights and KV cache, ")
                + FormattableString.Invariant($"'{hardware.Name}' has {hardware.MemoryGib:F1} GiB. ")
                + "Use more devices, a narrower width, or offloading.");
        }

        // Both links are read at the same time; the slower share sets the pace.
        double resident = Math.Min(need, hardware.MemoryBytes);
        double seconds = Math.Max(resident / bandwidth, (need - hardware.MemoryBytes) / dialect.OffloadBytesPerSecond);
        return new DeviceMemory(capacity, need / seconds, IsOffloaded: true);
    }
}
