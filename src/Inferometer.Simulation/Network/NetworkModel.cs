using Inferometer.Core;
using Inferometer.Core.Hardware;

namespace Inferometer.Simulation.Network;

/// <summary>
/// Alpha-beta costs of collectives on a two-level network: p ranks as q nodes of n ranks, link latency a and usable
/// bandwidth b on each tier (1 within a node, 2 between nodes), message of m bytes. The formulas are in docs/physics.md.
/// </summary>
internal sealed class NetworkModel
{
    private readonly Link _intra;
    private readonly Link _inter;
    private readonly double _efficiency;
    private readonly int _devicesPerNode;
    private readonly CollectiveAlgorithm _algorithm;

    public NetworkModel(HardwareSystem system, CollectiveAlgorithm algorithm)
    {
        _intra = system.IntraNode;
        _inter = system.InterNode;
        _efficiency = system.Device.Efficiency.Link;
        _devicesPerNode = Math.Max(1, system.DevicesPerNode);
        _algorithm = algorithm;
    }

    /// <summary>Every rank ends with the sum; m = bytes of the vector each rank holds.</summary>
    public CollectiveTime AllReduce(int ranks, int stride = 1)
    {
        (int n, int q) = Shape(ranks, stride);
        if (q == 1)
        {
            return CollectiveTime.InSequence(AllReduceTier(_intra, n, 1), default);
        }

        // Reduce-scatter within nodes, all-reduce of the n-th part between nodes, all-gather within nodes.
        AlphaBeta half = Gather(_intra, n, 1);
        return CollectiveTime.InSequence(TierChoice.Only(half + half), AllReduceTier(_inter, q, 1.0 / n));
    }

    /// <summary>Every rank ends with all parts; m = bytes of the whole.</summary>
    public CollectiveTime AllGather(int ranks, int stride = 1)
    {
        (int n, int q) = Shape(ranks, stride);
        AlphaBeta outer = q == 1 ? default : Gather(_inter, q, 1.0 / n);
        return CollectiveTime.InSequence(TierChoice.Only(Gather(_intra, n, 1)), TierChoice.Only(outer));
    }

    /// <summary>
    /// Every rank ends with its part of the sum; m = bytes of the whole vector each rank starts with. The mirror image of an all-gather.
    /// </summary>
    public CollectiveTime ReduceScatter(int ranks, int stride = 1) => AllGather(ranks, stride);

    /// <summary>
    /// Every rank sends something else to every other; m = bytes a rank sends away in total, spread evenly over its peers.
    /// </summary>
    public CollectiveTime AllToAll(int ranks, int stride = 1)
    {
        (int n, int q) = Shape(ranks, stride);
        if (ranks == 1)
        {
            return CollectiveTime.None;
        }

        double peers = (n * q) - 1;
        AlphaBeta inner = n == 1 ? default : Send(_intra, (n - 1) / peers, n);
        AlphaBeta outer = q == 1 ? default : Send(_inter, (peers - (n - 1)) / peers, q);
        return CollectiveTime.SideBySide(inner, outer);
    }

    /// <summary>One rank sends to one other; m = bytes of the message.</summary>
    public CollectiveTime PointToPoint(bool betweenNodes) =>
        CollectiveTime.InSequence(TierChoice.Only(Send(betweenNodes ? _inter : _intra, 1, 2)), default);

    /// <summary>
    /// Whether stages of <paramref name="stageDevices"/> consecutive devices have a node boundary between number <paramref name="stage"/>
    /// and the one before.
    /// </summary>
    public bool CrossesNode(int stage, int stageDevices) =>
        (stage - 1) * stageDevices / _devicesPerNode != (((stage + 1) * stageDevices) - 1) / _devicesPerNode;

    private (int PerNode, int Nodes) Shape(int ranks, int stride)
    {
        int fit = Math.Clamp(_devicesPerNode / stride, 1, ranks);
        int nodes = (ranks + fit - 1) / fit;
        return ((ranks + nodes - 1) / nodes, nodes);
    }

    private TierChoice AllReduceTier(Link link, int p, double share)
    {
        if (p == 1)
        {
            return TierChoice.Only(default);
        }

        double beta = share / (link.Bandwidth * _efficiency);
        double alpha = link.LatencySeconds;
        AlphaBeta ring = new(2 * (p - 1) * alpha, 2.0 * (p - 1) / p * beta);
        AlphaBeta tree = new(2 * CeilLog2(p) * alpha, 2 * beta);
        AlphaBeta inNetwork = new(2 * alpha, beta);
        bool canReduce = link.Topology == LinkTopology.InNetworkReduction;
        return _algorithm switch
        {
            CollectiveAlgorithm.Ring => TierChoice.Only(ring),
            CollectiveAlgorithm.Tree => TierChoice.Only(tree),
            CollectiveAlgorithm.InNetwork when canReduce => TierChoice.Only(inNetwork),
            CollectiveAlgorithm.InNetwork => throw new InferometerException(
                $"collectives: in-network reduction was asked for on a {link.Topology} link; only InNetworkReduction links can add up on "
                    + "the way."),
            _ when link.Topology == LinkTopology.Ring => TierChoice.Only(ring),
            _ when canReduce => TierChoice.Only(ring).Or(tree).Or(inNetwork),
            _ => TierChoice.Only(ring).Or(tree),
        };
    }

    // Recursive doubling takes log2 p rounds where every pair is connected, a ring p - 1; the bytes are the same.
    private AlphaBeta Gather(Link link, int p, double share)
    {
        if (p == 1)
        {
            return default;
        }

        bool ring = _algorithm == CollectiveAlgorithm.Ring || link.Topology == LinkTopology.Ring;
        int rounds = ring ? p - 1 : CeilLog2(p);
        return new(rounds * link.LatencySeconds, share * (p - 1) / p / (link.Bandwidth * _efficiency));
    }

    // On a ring a message to a random peer passes p/4 links on average, and takes bandwidth on each.
    private AlphaBeta Send(Link link, double share, int p)
    {
        double hops = link.Topology == LinkTopology.Ring ? Math.Max(1, p / 4.0) : 1;
        return new(link.LatencySeconds * hops, share * hops / (link.Bandwidth * _efficiency));
    }

    private static int CeilLog2(int p) => 32 - int.LeadingZeroCount(p - 1);
}
