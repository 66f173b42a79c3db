using Inferometer.Core;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Network;

namespace Inferometer.Simulation.Tests.Network;

public class NetworkModelTests
{
    private const double Message = 8e6; // 8 MB: 80 us at 100 GB/s, 800 us at 10 GB/s.

    [Fact]
    public void Ring_all_reduce_sends_the_message_nearly_twice() =>
        // 2 x 7 x 1 us + 2 x 7/8 x 80 us = 14 + 140 us.
        Assert.Equal(154e-6, Model(CollectiveAlgorithm.Ring).AllReduce(8).Seconds(Message), 1e-15);

    [Fact]
    public void Tree_all_reduce_goes_up_and_down_the_levels() =>
        // 2 x log2(8) x 1 us + 2 x 80 us.
        Assert.Equal(166e-6, Model(CollectiveAlgorithm.Tree).AllReduce(8).Seconds(Message), 1e-15);

    [Fact]
    public void In_network_all_reduce_sends_the_message_once_and_needs_switches_that_add()
    {
        HardwareSystem sharp = Sample.System with
        {
            IntraNode = Sample.System.IntraNode with { Topology = LinkTopology.InNetworkReduction },
        };
        Assert.Equal(82e-6, new NetworkModel(sharp, CollectiveAlgorithm.InNetwork).AllReduce(8).Seconds(Message), 1e-15);
        InferometerException error = Assert.Throws<InferometerException>(() => Model(CollectiveAlgorithm.InNetwork).AllReduce(8));
        Assert.Contains("Switched", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Auto_takes_the_cheapest_for_the_message()
    {
        CollectiveTime auto = Model(CollectiveAlgorithm.Auto).AllReduce(8);
        Assert.Equal(154e-6, auto.Seconds(Message), 1e-15); // Ring.
        Assert.Equal(6e-6 + (2 * 1e3 / 100e9), auto.Seconds(1e3), 1e-15); // Tree.
    }

    [Fact]
    public void Two_levels_reduce_within_nodes_between_nodes_and_gather_within_nodes() =>
        // 16 ranks = 2 nodes of 8. Within: 2 x (7 us + 7/8 x 80 us); between: ring of 2 on an eighth: 2 x 5 us + 2 x 1/2 x 100 us.
        Assert.Equal(154e-6 + 110e-6, Model(CollectiveAlgorithm.Ring).AllReduce(16).Seconds(Message), 1e-15);

    [Fact]
    public void All_gather_and_reduce_scatter_are_half_a_ring()
    {
        Assert.Equal(77e-6, Model(CollectiveAlgorithm.Ring).AllGather(8).Seconds(Message), 1e-15);
        Assert.Equal(77e-6, Model(CollectiveAlgorithm.Ring).ReduceScatter(8).Seconds(Message), 1e-15);

        // Strided over nodes: 2 ranks, 8 apart, meet between nodes: 5 us + 1/2 x 800 us.
        Assert.Equal(405e-6, Model(CollectiveAlgorithm.Ring).AllGather(2, stride: 8).Seconds(Message), 1e-15);
    }

    [Fact]
    public void All_to_all_uses_both_tiers_side_by_side()
    {
        Assert.Equal(81e-6, Model(CollectiveAlgorithm.Auto).AllToAll(8).Seconds(Message), 1e-15);

        // 16 ranks: 7/15 of the bytes stay in the node, 8/15 leave it: max(1 + 37.3, 5 + 426.7) us.
        Assert.Equal(5e-6 + (800e-6 * 8 / 15), Model(CollectiveAlgorithm.Auto).AllToAll(16).Seconds(Message), 1e-15);
    }

    [Fact]
    public void A_message_between_stages_takes_the_link_it_crosses()
    {
        NetworkModel model = Model(CollectiveAlgorithm.Auto);
        Assert.Equal(81e-6, model.PointToPoint(betweenNodes: false).Seconds(Message), 1e-15);
        Assert.Equal(805e-6, model.PointToPoint(betweenNodes: true).Seconds(Message), 1e-15);
        Assert.False(model.CrossesNode(stage: 1, stageDevices: 4));
        Assert.True(model.CrossesNode(stage: 2, stageDevices: 4));
    }

    [Fact]
    public void One_rank_talks_to_nobody()
    {
        NetworkModel model = Model(CollectiveAlgorithm.Auto);
        Assert.Equal(0, model.AllReduce(1).Seconds(Message));
        Assert.Equal(0, model.AllGather(1).Seconds(Message));
        Assert.Equal(0, model.AllToAll(1).Seconds(Message));
    }

    private static NetworkModel Model(CollectiveAlgorithm algorithm) => new(Sample.System, algorithm);
}
