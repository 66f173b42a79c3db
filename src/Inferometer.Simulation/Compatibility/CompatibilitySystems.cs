using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;

namespace Inferometer.Simulation.Compatibility;

/// <summary>Describes real systems, deployments and widths in the reproduced simulators' terms.</summary>
public static class CompatibilitySystems
{
    /// <summary>
    /// Maps a system. Rates of a datasheet keep their number: 3350 GB/s becomes 3350, which the simulators then scale by 2^30 (a gain of
    /// 7.4 %), as they do with their own presets. The 80 of their H100's memory are GiB, as the device has them: memory is what it
    /// is. The tensor-core generation follows from the architecture name. Links between nodes are not described: the simulators
    /// derive them from the link inside.
    /// </summary>
    /// <exception cref="InferometerException">The device has no bf16 rate nor one that stands in for it.</exception>
    public static CompatibilityHardware From(HardwareSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        Device device = system.Device;
        return new CompatibilityHardware
        {
            Name = system.Name,
            PeakTeraFlops = device.PeakFor(MathFormat.Bf16) / 1e12,
            MemoryGib = device.MemoryBytes / CompatibilityHardware.Gibi,
            MemoryBandwidthGib = device.MemoryBandwidth / 1e9,
            LinkBandwidthGib = system.IntraNode.Bandwidth / 1e9,
            LinkLatencyMicroseconds = system.IntraNode.LatencySeconds * 1e6,
            Kind = device.Kind,
            Manufacturer = device.Vendor.Length > 0 ? device.Vendor : null,
            // The simulators' CPU presets name no memory; naming it would select another efficiency.
            MemoryType = device.MemoryType.Length > 0 && !string.Equals(device.Kind, "cpu", StringComparison.OrdinalIgnoreCase)
                ? device.MemoryType
                : null,
            TensorCores = TensorCores(device.Architecture),
        };
    }

    /// <summary>
    /// Maps a deployment. The simulators know one width for weights, activations, KV and messages, and neither data parallelism
    /// nor attention split otherwise than experts.
    /// </summary>
    /// <exception cref="InferometerException">The parallelism or the precisions cannot be expressed.</exception>
    public static CompatibilityDeployment From(Parallelism parallelism, Precision weights, Precision activations, Precision kvCache)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(activations);
        ArgumentNullException.ThrowIfNull(kvCache);
        if (parallelism.Data != 1 || parallelism.AttentionDataParallel)
        {
            throw new InferometerException(FormattableString.Invariant(
                $"The compatibility cost models have no data parallelism; it is {parallelism.Data} here. ")
                + "Simulate one replica, or use 'roofline'.");
        }

        if (weights != activations || weights != kvCache)
        {
            throw new InferometerException(
                $"The compatibility cost models have one width for everything; here weights are {weights}, activations {activations} and "
                    + $"KV {kvCache}. Make them equal, or use 'roofline'.");
        }

        return new CompatibilityDeployment
        {
            TensorParallel = parallelism.Tensor,
            PipelineParallel = parallelism.Pipeline,
            ExpertParallel = parallelism.Expert,
            Bits = weights.Name,
        };
    }

    private static string? TensorCores(string architecture) => architecture.ToUpperInvariant() switch
    {
        "VOLTA" => "gen1",
        "TURING" => "gen2",
        "AMPERE" => "gen3",
        // Upstream counts Hopper and Ada Lovelace as one generation.
        "HOPPER" or "ADA" or "ADA LOVELACE" => "gen4",
        "BLACKWELL" => "gen5",
        _ => null,
    };
}
