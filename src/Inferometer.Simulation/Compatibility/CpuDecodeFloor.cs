namespace Inferometer.Simulation.Compatibility;

/// <summary>
/// The least decode time of a CPU that was described in place; a CPU given by name has none (the same device differs by 3.4 times).
/// </summary>
internal static class CpuDecodeFloor
{
    /// <summary>Share of nameplate bandwidth, fitted upstream on one dual-socket machine with a model that had lost its FFN gate.</summary>
    private const double BandwidthShare = 0.237;

    /// <summary>Cost of one of the two all-reduces of a layer for each rank beyond the first, milliseconds.</summary>
    private const double AllReduceMs = 0.064;

    public static double Apply(CompatibilityDialect dialect, CompatibilitySetup setup, CompatibilityCapacity capacity, double latencyMs)
    {
        if (!dialect.HasCpuDecodeFloor || !setup.Hardware.IsCpu || !setup.Hardware.GivenInline)
        {
            return latencyMs;
        }

        double bytes = capacity.RequiredMib * CompatibilityHardware.Mebi;
        double floorMs = 1000 * bytes / (BandwidthShare * setup.Hardware.MemoryBytesPerSecond);
        return Math.Max(latencyMs, floorMs) + (AllReduceMs * 2 * setup.Model.Layers * (setup.Deployment.TensorParallel - 1));
    }
}
