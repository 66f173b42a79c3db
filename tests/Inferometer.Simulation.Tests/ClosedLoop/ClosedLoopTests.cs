using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.ClosedLoop;

public class ClosedLoopTests
{
    private static readonly ReplayedSteps Steps = new()
    {
        One = 0.01,
        Full = 0.02,
        FullSequences = 16,
        MixedToken = 1e-5,
        PromptToken = 2e-5,
        Budget = 4096,
        Mixed = true,
    };

    [Fact]
    public void One_user_waits_for_nobody()
    {
        ClosedLoopLoad load = new(1, 1000, 50, 0.2);
        double seconds = ClosedLoopReplay.MeanFirstTokenSeconds(1, 100, load, Steps);
        Assert.InRange(seconds, 0.8 * 1000 * Steps.PromptToken, 1000 * Steps.PromptToken);
    }

    [Fact]
    public void Replays_of_equal_loads_are_equal_and_more_users_wait_longer()
    {
        double last = 0;
        foreach (int users in (int[])[1, 2, 4, 8, 16, 64, 300, 1024])
        {
            ClosedLoopLoad load = new(users, 1000, 50);
            double seconds = ClosedLoopReplay.MeanFirstTokenSeconds(users, 4096, load, Steps);
            Assert.Equal(seconds, ClosedLoopReplay.MeanFirstTokenSeconds(users, 4096, load, Steps));
            Assert.True(seconds > 0.95 * last, $"{users} users: {seconds} after {last}");
            last = seconds;
        }
    }

    [Fact]
    public void Users_without_room_wait_until_others_have_ended()
    {
        // 20 users, room for 10: half of them wait for about a whole answer.
        ClosedLoopLoad load = new(20, 100, 1000, 0.2);
        double answer = 900 * Steps.Decode(10);
        Assert.InRange(ClosedLoopReplay.MeanFirstTokenSeconds(20, 10, load, Steps), 0.7 * answer, 1.3 * answer);
        Assert.True(ClosedLoopReplay.MeanFirstTokenSeconds(20, 20, load, Steps) < 0.1 * answer);
    }

    [Fact]
    public void The_parts_add_up_to_the_times()
    {
        ICostPlan plan = Plan(new CalibratedCostModel());
        ClosedLoopEstimate e = ClosedLoopModel.Estimate(plan, new(32, 2000, 200, 0.2));
        Assert.Equal(e.StepSeconds + e.StallSeconds, e.TimePerOutputTokenSeconds, 1e-12);
        Assert.Equal(e.AdmissionSeconds + e.PromptSeconds + e.QueueSeconds, e.TimeToFirstTokenSeconds, 1e-12);
        Assert.Equal(e.TimeToFirstTokenSeconds + (179 * e.TimePerOutputTokenSeconds), e.EndToEndSeconds, 1e-9);
        Assert.Equal(32, e.SequencesPerRank);
        Assert.True(e.StallSeconds > 0 && e.QueueSeconds > 0);
        Assert.True(e.TimeToFirstTokenInterval!.Value.Low <= e.TimeToFirstTokenSeconds);
        Assert.NotNull(e.Basis);
    }

    [Fact]
    public void Neither_prompts_nor_stalls_beat_the_peak_of_the_datasheet()
    {
        // Shares that would have prompts read in a tenth of the time that their arithmetic takes.
        CalibrationSet hiding = CalibrationSet.BuiltIn.With(CalibrationFile.Parse(
            """
            {"name": "hiding", "layers": [{"framework": "vllm", "runs": 5, "factors": {"stall": 0.03, "first_token_prompt": 0.11}}]}
            """,
            "test"));
        ICostPlan plan = Plan(new CalibratedCostModel(hiding));
        ClosedLoopEstimate e = ClosedLoopModel.Estimate(plan, new(32, 4000, 200));
        double peak = plan.Request.System.Device.PeakFor(MathFormat.Bf16);
        PrefillChunk[] prompt = [new(0, 4000)];
        DecodeGroup[] decoding = [new(4100, 32)];
        double added = (plan.Step(prompt, decoding).Flops / peak) - plan.Step([], decoding).LatencySeconds;
        Assert.True(e.PromptSeconds >= 0.999 * plan.Step(prompt, []).Flops / peak, $"a prompt in {e.PromptSeconds} s");
        Assert.True(added > 0 && e.StallSeconds >= 0.999 * 31 / 200 * added, $"stalls of {e.StallSeconds} s");
    }

    [Fact]
    public void Any_cost_model_can_be_asked_and_one_that_knows_no_errors_gives_none()
    {
        ClosedLoopEstimate plain = ClosedLoopModel.Estimate(Plan(new RooflineCostModel()), new(32, 2000, 200));
        Assert.Null(plain.TimePerOutputTokenInterval);
        Assert.True(plain.TimePerOutputTokenSeconds > 0);
    }

    [Fact]
    public void The_cache_bounds_the_batch()
    {
        ClosedLoopEstimate e = ClosedLoopModel.Estimate(Plan(new CalibratedCostModel()), new(1000, 30000, 1000));
        Assert.InRange(e.SequencesPerRank, 8, 20); // 64 KiB per token and 8B weights in bf16 on 80 GiB
        Assert.Equal(e.Room, e.SequencesPerRank);
        Assert.True(e.QueueSeconds > 10 * e.PromptSeconds);
    }

    // 30,000 tokens each where the whole answer has its room, 20,000 on average where what is cached counts.
    [Fact]
    public void Half_of_an_answer_is_cached_where_no_room_is_kept_for_the_whole()
    {
        ClosedLoopLoad load = new(1000, 10_000, 20_000);
        int whole = ClosedLoopModel.Room(Plan(new CalibratedCostModel(), "trtllm"), load)!.Value;
        int half = ClosedLoopModel.Room(Plan(new CalibratedCostModel(), "vllm"), load)!.Value;
        Assert.InRange(whole, 10, 40);
        Assert.InRange(half, 1.4 * whole, 1.5 * (whole + 1));
    }

    [Fact]
    public void Who_always_waits_for_another_to_end_waits_the_time_between_two_ends()
    {
        CalibrationSet shortOfOne = CalibrationSet.BuiltIn.With(CalibrationFile.Parse(
            """
            {"name": "short of one", "layers": [{"framework": "vllm", "runs": 5, "factors": {"first_token_turn": 1e4}}]}
            """,
            "test"));
        ClosedLoopLoad load = new(8, 1000, 500);
        ClosedLoopEstimate before = ClosedLoopModel.Estimate(Plan(new CalibratedCostModel()), load);
        ClosedLoopEstimate e = ClosedLoopModel.Estimate(Plan(new CalibratedCostModel(shortOfOne)), load);
        double wait = e.TimeToFirstTokenSeconds - before.TimeToFirstTokenSeconds;
        Assert.Equal(e.EndToEndSeconds / 8, wait, 0.001 * wait);
        Assert.Equal(before.TimePerOutputTokenSeconds, e.TimePerOutputTokenSeconds);
        Assert.Equal(before.RoomSeconds, e.RoomSeconds);
    }

    [Fact]
    public void Prompts_read_elsewhere_stall_nobody()
    {
        ICostPlan plan = Plan(new CalibratedCostModel());
        ClosedLoopLoad load = new(32, 4000, 100);
        ClosedLoopEstimate apart = ClosedLoopModel.EstimateSeparate(plan, 8, plan, load), together = ClosedLoopModel.Estimate(plan, load);
        Assert.Equal(0, apart.StallSeconds);
        Assert.InRange(apart.TimePerOutputTokenSeconds, 0.5 * together.StepSeconds, together.StepSeconds);
        Assert.True(apart.QueueSeconds < ClosedLoopModel.EstimateSeparate(plan, 32, plan, load).QueueSeconds);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(64)]
    [InlineData(512)]
    public void Users_are_at_one_station_or_the_other(int users)
    {
        ICostPlan plan = Plan(new CalibratedCostModel());
        ClosedLoopLoad load = new(users, 4000, 200);
        ClosedLoopEstimate e = ClosedLoopModel.EstimateSeparate(plan, users / 2.0, plan, load);

        // Little's law over the whole circle.
        double rate = e.DecodingUsers / (199 * e.TimePerOutputTokenSeconds);
        Assert.InRange(e.DecodingUsers + (rate * e.TimeToFirstTokenSeconds), users - 0.01, users + 0.01);

        Assert.InRange(e.DecodingUsers, 0.1, users);
    }

    [Fact]
    public void Decode_workers_that_prompts_do_not_reach_are_not_slowed_by_more_users()
    {
        ICostPlan plan = Plan(new CalibratedCostModel());
        ClosedLoopEstimate Of(int users) => ClosedLoopModel.EstimateSeparate(plan, users, plan, new ClosedLoopLoad(users, 8000, 100));
        (ClosedLoopEstimate many, ClosedLoopEstimate twice) = (Of(200), Of(400));
        Assert.True(many.DecodingUsers < 50);
        Assert.Equal(many.TimePerOutputTokenSeconds, twice.TimePerOutputTokenSeconds, 0.05 * many.TimePerOutputTokenSeconds);
        Assert.InRange(twice.TimeToFirstTokenSeconds / many.TimeToFirstTokenSeconds, 1.8, 2.4);
    }

    private static ICostPlan Plan(ICostModel model, string? framework = null) => model.Prepare(new EstimateRequest
    {
        Architecture = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b"),
        System = HardwareCatalog.BuiltIn.Find("h100"),
        Framework = framework is null ? null : FrameworkCatalog.Find(framework, "test"),
    });
}
