using System.Runtime.InteropServices;
using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility;

/// <summary>Kinds of communication.</summary>
public enum CompatibilityCollective
{
    /// <summary>Everyone ends with the sum.</summary>
    AllReduce,

    /// <summary>Everyone ends with all parts.</summary>
    AllGather,

    /// <summary>Everyone ends with a part of the sum.</summary>
    ReduceScatter,

    /// <summary>Everyone sends a part to everyone.</summary>
    AllToAll,

    /// <summary>One device sends to the next.</summary>
    Send,
}

/// <summary>The network a collective runs on.</summary>
/// <param name="BytesPerSecond">Link bandwidth inside a node.</param>
/// <param name="LatencySeconds">Link latency inside a node.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct CompatibilityNetwork(double BytesPerSecond, double LatencySeconds)
{
    /// <summary>Devices of a node; beyond them the <c>bud</c> dialect takes a second, slower tier.</summary>
    public int DevicesPerNode { get; init; } = 8;

    /// <summary>Bandwidth between nodes; null = 11 % of the link.</summary>
    public double? InterNodeBytesPerSecond { get; init; }

    /// <summary>Latency between nodes; null = ten times the link's.</summary>
    public double? InterNodeLatencySeconds { get; init; }
}

/// <summary>Times of single collectives, as the reproduced simulators compute them.</summary>
public static class CompatibilityCollectives
{
    /// <summary>Time of one collective, seconds; 0 for an empty message or a single rank.</summary>
    /// <param name="dialect">Which simulator.</param>
    /// <param name="collective">What is done.</param>
    /// <param name="bytes">Bytes of the whole message, at least 0.</param>
    /// <param name="ranks">Devices taking part; not read for <see cref="CompatibilityCollective.Send"/>.</param>
    /// <param name="network">Links.</param>
    /// <exception cref="InferometerException">A size is out of range, or the dialect has no such collective.</exception>
    public static double Seconds(
        CompatibilityDialect dialect, CompatibilityCollective collective, double bytes, int ranks, CompatibilityNetwork network)
    {
        ArgumentNullException.ThrowIfNull(dialect);
        if (!(bytes >= 0) || ranks < 1 || !(network.BytesPerSecond > 0) || network.DevicesPerNode < 1)
        {
            throw new InferometerException(FormattableString.Invariant(
                $"A collective of {bytes} bytes over {ranks} ranks in nodes of {network.DevicesPerNode} at {network.BytesPerSecond} B/s ")
                + "cannot be timed: bytes may not be negative, the rest must be positive.");
        }

        if (bytes == 0 || (ranks == 1 && collective != CompatibilityCollective.Send))
        {
            return 0;
        }

        return dialect.Collectives.Seconds(collective, bytes, ranks, network);
    }
}

/// <summary>How long communication takes; messages are not empty and ranks are at least two.</summary>
internal interface ICollectiveModel
{
    double Seconds(CompatibilityCollective collective, double bytes, int ranks, CompatibilityNetwork network);
}
