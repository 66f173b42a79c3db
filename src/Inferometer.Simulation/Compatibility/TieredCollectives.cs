using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Compatibility;

/// <summary>
/// Rings inside a node and between nodes, with start times and efficiencies by message size, and factors for size and stragglers on top.
/// </summary>
internal sealed class TieredCollectives : ICollectiveModel
{
    private const double SmallBytes = 64 * 1024;
    private const double MediumBytes = 1024 * 1024;
    private const double IntraNodeEfficiency = 0.9;
    private const double TreeEfficiency = 0.8;
    private const double InterNodeBandwidthFraction = 0.11;
    private const double InterNodeLatencyFactor = 10;
    private const double LargestFactor = 2.5;
    private const double AllGatherFactor = 0.95;

    private static readonly SizeClasses AllReduceClasses = new(new(20e-6, 0.30), new(10e-6, 0.60), new(5e-6, 0.85), StragglerEpsilon: 0.05);
    private static readonly SizeClasses AllGatherClasses = new(new(15e-6, 0.40), new(8e-6, 0.65), new(5e-6, 0.85), StragglerEpsilon: 0.045);
    private static readonly SizeClasses ReduceScatterClasses = new(
        new(18e-6, 0.35), new(10e-6, 0.60), new(5e-6, 0.80), StragglerEpsilon: 0.045);

    public double Seconds(CompatibilityCollective collective, double bytes, int ranks, CompatibilityNetwork network) => collective switch
    {
        CompatibilityCollective.AllReduce =>
            AllReduce(bytes, ranks, network) * Factor(bytes, ranks, AllReduceClasses.StragglerEpsilon),
        CompatibilityCollective.AllGather =>
            AllGather(bytes, ranks, network) * Factor(bytes, ranks, AllGatherClasses.StragglerEpsilon) * AllGatherFactor,
        CompatibilityCollective.ReduceScatter =>
            ReduceScatter(bytes, ranks, network) * Factor(bytes, ranks, ReduceScatterClasses.StragglerEpsilon),
        CompatibilityCollective.AllToAll => RingCollectives.AllToAllSeconds(bytes, ranks, network),
        CompatibilityCollective.Send => RingCollectives.SendSeconds(bytes, network),
        _ => throw new UnreachableException(),
    };

    private static double AllReduce(double bytes, int ranks, CompatibilityNetwork network)
    {
        SizeClass size = AllReduceClasses.For(bytes);
        if (ranks <= network.DevicesPerNode)
        {
            return size.StartSeconds + (2 * Ring(bytes, ranks, network.LatencySeconds, network.BytesPerSecond * size.Efficiency));
        }

        Tier tier = Tier.Between(network, ranks);
        double share = bytes / network.DevicesPerNode;
        double inter = UsesTree(bytes, ranks, tier.Nodes)
            ? 2 * ((Math.Ceiling(Math.Log2(tier.Nodes)) * tier.LatencySeconds)
                + (share / (tier.BytesPerSecond * size.Efficiency * TreeEfficiency)))
            : 2 * Ring(share, tier.Nodes, tier.LatencySeconds, tier.BytesPerSecond * size.Efficiency);
        return (2 * IntraNode(bytes, network)) + size.StartSeconds + inter;
    }

    private static double AllGather(double bytes, int ranks, CompatibilityNetwork network)
    {
        SizeClass size = AllGatherClasses.For(bytes);
        if (ranks <= network.DevicesPerNode)
        {
            return size.StartSeconds + Ring(bytes, ranks, network.LatencySeconds, network.BytesPerSecond * size.Efficiency);
        }

        Tier tier = Tier.Between(network, ranks);
        // The broadcast inside the node is a tree of log2(8) = 3 hops.
        double broadcast = (Math.Log2(network.DevicesPerNode) * network.LatencySeconds)
            + (bytes / (IntraNodeEfficiency * network.BytesPerSecond));
        return size.StartSeconds + Ring(bytes, tier.Nodes, tier.LatencySeconds, tier.BytesPerSecond * size.Efficiency) + broadcast;
    }

    private static double ReduceScatter(double bytes, int ranks, CompatibilityNetwork network)
    {
        SizeClass size = ReduceScatterClasses.For(bytes);
        if (ranks <= network.DevicesPerNode)
        {
            return size.StartSeconds + Ring(bytes, ranks, network.LatencySeconds, network.BytesPerSecond * size.Efficiency);
        }

        Tier tier = Tier.Between(network, ranks);
        double share = bytes / network.DevicesPerNode;
        return IntraNode(bytes, network) + size.StartSeconds + Ring(
            share, tier.Nodes, tier.LatencySeconds, tier.BytesPerSecond * size.Efficiency);
    }

    private static double IntraNode(double bytes, CompatibilityNetwork network) =>
        Ring(bytes, network.DevicesPerNode, network.LatencySeconds, IntraNodeEfficiency * network.BytesPerSecond);

    private static double Ring(double bytes, int ranks, double latencySeconds, double bytesPerSecond) =>
        (ranks - 1) * (latencySeconds + (bytes / ranks / bytesPerSecond));

    private static bool UsesTree(double bytes, int ranks, int nodes) =>
        nodes > 16 && ((bytes < SmallBytes && ranks > 8) || (bytes < MediumBytes && ranks > 32));

    private static double Factor(double bytes, int ranks, double stragglerEpsilon)
    {
        double scale = ranks switch
        {
            <= 8 => 1.08,
            <= 64 => 1.12,
            <= 256 => 1.18,
            <= 1024 => 1.28,
            <= 4096 => 1.45,
            _ => 1.45 + (0.2 * Math.Log2(ranks / 4096.0)),
        };
        double size = bytes < SmallBytes ? 1.15 : bytes < MediumBytes ? 1.05 : 1;
        double straggler = ranks < 100 ? 1 : 1 + (0.5 * Math.Min(0.4, stragglerEpsilon * Math.Sqrt(ranks / 1000.0)));
        return Math.Min(scale * size * straggler, LargestFactor);
    }

    /// <summary>The links between nodes.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Tier(int Nodes, double BytesPerSecond, double LatencySeconds)
    {
        public static Tier Between(CompatibilityNetwork network, int ranks) => new(
            (ranks + network.DevicesPerNode - 1) / network.DevicesPerNode,
            network.InterNodeBytesPerSecond ?? (InterNodeBandwidthFraction * network.BytesPerSecond),
            network.InterNodeLatencySeconds ?? (InterNodeLatencyFactor * network.LatencySeconds));
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct SizeClass(double StartSeconds, double Efficiency);

    private sealed record SizeClasses(SizeClass Small, SizeClass Medium, SizeClass Large, double StragglerEpsilon)
    {
        public SizeClass For(double bytes) => bytes < SmallBytes ? Small : bytes < MediumBytes ? Medium : Large;
    }
}
