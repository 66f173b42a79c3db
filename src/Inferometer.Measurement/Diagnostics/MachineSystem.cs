using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Inference.Engine;

namespace Inferometer.Measurement.Diagnostics;

/// <summary>This machine as the simulator describes machines.</summary>
internal static class MachineSystem
{
    /// <summary>A system of measured limits, all of them reached, without anything kept in reserve.</summary>
    /// <param name="limits">Bandwidth and rates with the threads in use.</param>
    /// <param name="launchSeconds">What starting an operator costs.</param>
    /// <param name="halfGops">Rate of products whose operands have 16 bits, 10^9 operations per second.</param>
    public static HardwareSystem Of(MachineLimits limits, double launchSeconds, double halfGops) => new()
    {
        Name = "this machine",
        Device = new Device
        {
            Name = "this machine",
            Kind = "cpu",
            PeakOperationsPerSecond = new Dictionary<MathFormat, double>
            {
                [MathFormat.Fp32] = 1e9 * limits.FloatGops,
                [MathFormat.Bf16] = 1e9 * halfGops,
                [MathFormat.Int8] = 1e9 * Math.Max(limits.Int8Gops, limits.FloatGops),
            },
            MemoryBytes = FreeMemory.Bytes(),
            MemoryBandwidth = 1e9 * limits.ReadGBps,
            Efficiency = new DeviceEfficiency
            {
                Compute = 1,
                AttentionCompute = 1,
                Memory = 1,
                AttentionMemory = 1,
                Link = 1,
                LaunchSeconds = launchSeconds,
                ReservedBytes = 0,
                Source = "limits measured on this machine, taken in full",
            },
        },
        DevicesPerNode = 1,
        IntraNode = new Link(1e9, 0),
        InterNode = new Link(1e9, 0),
    };
}
