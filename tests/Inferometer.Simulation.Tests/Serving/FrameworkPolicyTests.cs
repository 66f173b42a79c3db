using Inferometer.Core.Catalog;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Scheduling;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Serving;
using Inferometer.Simulation.Tests.Costs;

namespace Inferometer.Simulation.Tests.Serving;

public sealed class FrameworkPolicyTests
{
    [Fact]
    public void The_programs_own_engine_is_simulated_with_the_defaults_it_runs_with()
    {
        ServingSimulationOptions simulated = Options("inferometer", "Desktop_8core");
        Assert.Equal(new SchedulerOptions { MaxSequenceTokens = 1000, MaxQueueLength = int.MaxValue }, simulated.Scheduler);
        Assert.True(simulated.PrefixCaching);
        Assert.Equal(16, simulated.BlockSize);
    }

    [Theory]
    [InlineData("vllm", "h100_sxm", 8192, 1024)]
    [InlineData("vllm", "a100_sxm_80gb", 2048, 256)]
    [InlineData("vllm", "rtx_4090", 2048, 256)]
    [InlineData("sglang", "rtx_4090", 2048, 2048)]
    [InlineData("sglang", "h100_sxm", 8192, 2048)]
    [InlineData("sglang", "b200_sxm", 16384, 2048)]
    [InlineData("trtllm", "h100_sxm", 8192 + 2048, 2048)]
    [InlineData("llama.cpp", "h100_sxm", 2048, 4)]
    public void Steps_follow_the_device(string framework, string system, int tokens, int sequences)
    {
        SchedulerOptions options = Options(framework, system).Scheduler;
        Assert.Equal((tokens, sequences), (options.MaxTokensPerStep, options.MaxSequences));
    }

    // In one piece, a prompt of 8,100 tokens would find no room in a step of 8,192 as long as a hundred others decode.
    [Fact]
    public void Prompts_that_are_read_in_one_piece_find_room_beside_those_that_decode()
    {
        ServiceResult result = ServingSimulation.Serve(
            ArrivalTrace.Constant(200, 5, 8100, 300).ToSource(),
            new FixedPlan(0.1),
            FrameworkCatalog.Find("trtllm", "test").OptionsFor(HardwareCatalog.BuiltIn.Find("h100_sxm").Device, 10_000) with
            {
                BlockCount = 100_000,
            },
            TestContext.Current.CancellationToken);

        Assert.Equal(200, result.Load.Completed);
        Assert.InRange(result.OverTime.Max(p => p.Running), 120, 160); // 5 a second for 30 seconds each
        Assert.InRange(result.Report.Value.TimeToFirstToken!.Mean, 0.1, 0.25);
    }

    [Theory]
    [InlineData("vllm", false, true, false)]
    [InlineData("sglang", true, true, false)]
    [InlineData("trtllm", false, false, true)]
    [InlineData("llama.cpp", false, true, true)]
    public void Rules_are_those_of_the_catalog(string framework, bool promptsFirst, bool chunked, bool reserves)
    {
        SchedulerOptions options = Options(framework, "h100_sxm").Scheduler;
        Assert.Equal((promptsFirst, chunked, reserves), (options.PrefillFirst, options.ChunkedPrefill, options.ReserveForOutput));
    }

    [Fact]
    public void Only_this_programs_framework_is_for_processors_alone()
    {
        FrameworkProfile own = FrameworkCatalog.Find("inferometer", "test");
        Assert.True(own.RunsOn(HardwareCatalog.BuiltIn.Find("epyc_9654").Device));
        Assert.False(own.RunsOn(HardwareCatalog.BuiltIn.Find("h100_sxm").Device));
    }

    [Theory]
    [InlineData(1, false, 1)]
    [InlineData(4, false, 4)]
    [InlineData(4, true, 1)]
    public void A_deployment_says_which_replicas_it_has_and_its_plan_what_lies_beside_steps(int data, bool attention, int replicas)
    {
        EstimateRequest request = Sample.Request(Sample.Llama3) with
        {
            System = Sample.RealSystem,
            Parallelism = new(Data: data, AttentionDataParallel: attention),
        };
        ServingSimulationOptions options = FrameworkCatalog.Usual.OptionsFor(Pricing.Plan(request));

        Assert.Equal((replicas, request.Architecture.MaxContextTokens), (options.Replicas, options.Scheduler.MaxSequenceTokens));
        Assert.Null(options.Coefficients);
    }

    [Fact]
    public void What_lies_beside_steps_is_what_the_calibration_found_and_nothing_where_nobody_measured()
    {
        EstimateRequest request = Sample.Request(Sample.Llama3) with { System = HardwareCatalog.BuiltIn.Find("h100_sxm") };
        var plan = (CalibratedPlan)new CalibratedCostModel().Prepare(request);
        Coefficients c = plan.Match.Coefficients;

        Assert.Equal(
            new ServiceCoefficients(
                c[Coefficient.Stall], Math.Clamp(c[Coefficient.FirstTokenPrompt], c[Coefficient.Stall], 1),
                c[Coefficient.FirstToken], c[Coefficient.FirstTokenSteps], c[Coefficient.FirstTokenUser]),
            plan.Service);
        Assert.InRange(plan.Service.PromptShare, 0.3, 0.95);
        Assert.Equal(ServiceCoefficients.None, Pricing.Plan(request).Service);

        // No service was fitted on such a card: what hides prompts elsewhere is not known to hide them there.
        ICostPlan card = new CalibratedCostModel().Prepare(request with { System = HardwareCatalog.BuiltIn.Find("rtx_4090") });
        Assert.Equal((1, 1), (card.Service.PromptShare, card.Service.OwnPromptShare));
        Assert.True(card.Service.Admits);
    }

    [Fact]
    public void Coefficients_print_what_they_are_and_the_engine_sees_no_way_to_itself()
    {
        ServiceCoefficients all = new(0.5, 0.75, 0.25, 3, 0.125);

        Assert.Contains("PromptShare = 0.5, OwnPromptShare = 0.75, AdmissionSeconds = 0.25", all.ToString(), StringComparison.Ordinal);
        Assert.Equal(ServiceCoefficients.None with { PromptShare = 0.5, OwnPromptShare = 0.75 }, all.WithinEngine());
        Assert.False(all.WithinEngine().Admits);
    }

    private static ServingSimulationOptions Options(string framework, string system)
    {
        Device device = HardwareCatalog.BuiltIn.Find(system).Device;
        return FrameworkCatalog.Find(framework, "test").OptionsFor(device, 1000);
    }
}
