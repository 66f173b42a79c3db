using FsCheck;
using FsCheck.Fluent;
using Inferometer.Simulation.Compatibility;

namespace Inferometer.Simulation.Tests.Compatibility;

public sealed class CompatibilityCollectivesTests
{
    private static readonly CompatibilityNetwork Gigabyte = new(1e9, 1e-6);

    [Fact]
    public void Genz_all_reduce_is_a_start_and_two_passes_round_a_ring()
    {
        // 5 us + 2 * 3 hops * (1 us + 250 kB at 1 GB/s = 250 us)
        double seconds = CompatibilityCollectives.Seconds(CompatibilityDialect.Genz, CompatibilityCollective.AllReduce, 1e6, 4, Gigabyte);

        Assert.Equal(1511e-6, seconds, 12);
    }

    [Fact]
    public void Bud_charges_small_messages_a_late_start_and_poor_bandwidth()
    {
        // 20 us + 2 * (1 us + 500 B at 0.3 GB/s), times 1.08 for up to 8 ranks and 1.15 for less than 64 KiB
        double seconds = CompatibilityCollectives.Seconds(CompatibilityDialect.Bud, CompatibilityCollective.AllReduce, 1000, 2, Gigabyte);

        Assert.Equal((20e-6 + (2 * (1e-6 + (500 / 0.3e9)))) * 1.08 * 1.15, seconds, 12);
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(4096, 1)]
    public void An_empty_message_and_a_single_rank_take_no_time(double bytes, int ranks)
    {
        Assert.Equal(
            0, CompatibilityCollectives.Seconds(CompatibilityDialect.Bud, CompatibilityCollective.AllGather, bytes, ranks, Gigabyte));
    }

    [Fact]
    public void A_round_of_speculation_yields_one_token_at_least_and_all_candidates_at_most()
    {
        Arbitrary<int> candidates = Gen.Choose(1, 32).ToArbitrary();
        Arbitrary<int> percent = Gen.Choose(0, 100).ToArbitrary();
        Prop.ForAll(candidates, percent, (n, p) => ExpectedTokens.PerRound(n, p / 100.0) is var tokens && tokens >= 1 && tokens <= n)
            .QuickCheckThrowOnFailure();
        Assert.Equal(4, ExpectedTokens.PerRound(4, 1));
        // Two candidates at one half: 1 + 1 * 0.5 * 0.5 + 2 * 0.25
        Assert.Equal(1.75, ExpectedTokens.PerRound(2, 0.5), 12);
    }
}
