using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Serving;

namespace Inferometer.Simulation.Tests.Serving;

/// <summary>
/// Passes of a step whose slots have keys and values of their own. Expected are those that llama_batch_allocr::split_equal of llama.cpp
/// gives with a pass of 512 tokens and sequences in increasing order.
/// </summary>
public sealed class SlotPassesTests
{
    [Theory]
    [InlineData(new[] { 0, 1, 2, 3 }, new[] { 4 })]
    [InlineData(new[] { 0, 2 }, new[] { 1, 1 })]
    [InlineData(new[] { 7, 0, 6, 2, 1, 4 }, new[] { 3, 1, 2 })]
    public void Sequences_that_decode_take_a_pass_for_every_stretch_of_neighbours(int[] slots, int[] expected)
    {
        SlotPasses passes = new(8, 512, new SeededRandom(1, 1));
        passes.Begin();
        foreach (int slot in slots)
        {
            passes.Add(slot, new DecodeGroup(100 + slot));
        }

        Assert.Equal(expected, All(passes).Select(p => p.Decode.Length));
    }

    [Fact]
    public void A_prompt_gives_one_token_to_the_pass_of_its_neighbours_and_is_read_after_the_others()
    {
        SlotPasses passes = new(8, 512, new SeededRandom(1, 1));
        passes.Begin();
        passes.Add(0, new DecodeGroup(50));
        passes.Add(1, new DecodeGroup(60));
        passes.Add(3, new DecodeGroup(70));
        passes.Add(2, new PrefillChunk(0, 128));
        (PrefillChunk[] Prefill, DecodeGroup[] Decode)[] all = [.. All(passes)];
        Assert.Equal(3, all.Length);
        Assert.Equal([new DecodeGroup(50), new DecodeGroup(60), new DecodeGroup(1)], all[0].Decode);
        Assert.Equal([new DecodeGroup(70)], all[1].Decode);
        Assert.Equal([new PrefillChunk(1, 127, EndsPrompt: true)], all[2].Prefill);
        Assert.Empty(all[2].Decode);
    }

    [Fact]
    public void Prompts_of_neighbours_are_read_side_by_side_as_far_as_both_go_and_a_pass_holds()
    {
        SlotPasses passes = new(8, 512, new SeededRandom(1, 1));
        passes.Begin();
        passes.Add(5, new PrefillChunk(0, 300));
        passes.Add(4, new PrefillChunk(0, 700, EndsPrompt: false));
        Assert.Equal(
            [
                [new PrefillChunk(0, 256, EndsPrompt: false), new PrefillChunk(0, 256, EndsPrompt: false)],
                [new PrefillChunk(256, 44, EndsPrompt: false), new PrefillChunk(256, 44)],
                [new PrefillChunk(300, 400, EndsPrompt: false)],
            ],
            All(passes).Select(p => p.Prefill).ToArray());
    }

    [Fact]
    public void One_user_takes_the_slots_in_turn_and_pays_for_one_pass()
    {
        ServingReport apart = Serve(users: 1, new SlotStreams(512, SharedAt: 4));
        Assert.Equal(0.010, apart.TimePerOutputToken!.Mean, 1e-9);
    }

    /// <summary>k of S slots that chance chooses lie in k (S - k + 1) / S stretches on average.</summary>
    [Theory]
    [InlineData(2, 1.75)]
    [InlineData(4, 2.5)]
    [InlineData(6, 2.25)]
    [InlineData(8, 1)]
    public void Users_of_some_of_eight_slots_pay_for_as_many_passes_as_chance_makes_stretches(int users, double passes)
    {
        double mean = Serve(users, new SlotStreams(512, SharedAt: 4)).TimePerOutputToken!.Mean;
        Assert.InRange(mean, 0.010 * passes * 0.8, 0.010 * passes * 1.25);
    }

    [Fact]
    public void Slots_that_share_a_stream_and_services_without_slots_take_one_pass()
    {
        Assert.Equal(0.010, Serve(users: 4, new SlotStreams(512, SharedAt: 8)).TimePerOutputToken!.Mean, 1e-9);
        Assert.Equal(0.010, Serve(users: 4, null).TimePerOutputToken!.Mean, 1e-9);
    }

    [Fact]
    public void Steps_in_a_row_and_one_by_one_give_the_same()
    {
        ServingReport together = Serve(3, new SlotStreams(512, 4)), each = Serve(3, new SlotStreams(512, 4), repeat: false);
        Assert.Equal(each.TimePerOutputToken, together.TimePerOutputToken);
        Assert.Equal(each.TimeToFirstToken, together.TimeToFirstToken);
        Assert.Equal(each.DurationSeconds, together.DurationSeconds);
    }

    private static ServingReport Serve(int users, SlotStreams? slots, bool repeat = true) => ServingSimulation.Serve(
        new GeneratedArrivals(new TrafficOptions
        {
            Users = users,
            Input = LengthDistribution.Fixed(1),
            Output = LengthDistribution.Parse("uniform:50,150"),
            Requests = 60 * users,
            Seed = 5,
        }),
        new FixedPlan(0.010), new ServingSimulationOptions
        {
            BlockCount = 10_000,
            Slots = slots,
            RepeatSteps = repeat,
            WarmUp = new WarmUp(2 * users, 0),
            Scheduler = new SchedulerOptions { MaxSequences = 8, MaxSequenceTokens = 4096 },
        }, TestContext.Current.CancellationToken).Report.Value;

    private static IEnumerable<(PrefillChunk[] Prefill, DecodeGroup[] Decode)> All(SlotPasses passes)
    {
        PrefillChunk[] prefill = new PrefillChunk[8];
        DecodeGroup[] decode = new DecodeGroup[8];
        while (passes.Next(prefill, decode) is var (p, d) && p + d > 0)
        {
            yield return (prefill[..p], decode[..d]);
        }
    }
}
