using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility;

/// <summary>One flat ring of any size with a fixed start of 5 us.</summary>
internal sealed class RingCollectives : ICollectiveModel
{
    private const double StartSeconds = 5e-6;

    public double Seconds(CompatibilityCollective collective, double bytes, int ranks, CompatibilityNetwork network) => collective switch
    {
        CompatibilityCollective.AllReduce => StartSeconds + (2 * Pass(bytes, ranks, network)),
        CompatibilityCollective.AllGather or CompatibilityCollective.AllToAll => StartSeconds + Pass(bytes, ranks, network),
        CompatibilityCollective.Send => SendSeconds(bytes, network),
        _ => throw new InferometerException($"The cost model 'genz' has no {collective}."),
    };

    /// <summary>Every rank to every other, as both dialects time it.</summary>
    public static double AllToAllSeconds(double bytes, int ranks, CompatibilityNetwork network) =>
        StartSeconds + Pass(bytes, ranks, network);

    /// <summary>One hop, as both dialects time it.</summary>
    public static double SendSeconds(double bytes, CompatibilityNetwork network) =>
        network.LatencySeconds + (bytes / network.BytesPerSecond);

    /// <summary>Once around a ring: ranks - 1 hops with a share of the message each.</summary>
    private static double Pass(double bytes, int ranks, CompatibilityNetwork network) =>
        (ranks - 1) * (network.LatencySeconds + (bytes / ranks / network.BytesPerSecond));
}
