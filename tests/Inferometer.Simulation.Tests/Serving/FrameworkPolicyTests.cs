using Inferometer.Core.Catalog;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Scheduling;
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
    [InlineData("trtllm", "h100_sxm", 8192, 2048)]
    [InlineData("llama.cpp", "h100_sxm", 2048, 4)]
    public void Steps_follow_the_device(string framework, string system, int tokens, int sequences)
    {
        SchedulerOptions options = Options(framework, system).Scheduler;
        Assert.Equal((tokens, sequences), (options.MaxTokensPerStep, options.MaxSequences));
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
        EstimateRequest unknown = Sample.Request(Sample.Llama3) with { System = Sample.RealSystem };
        EstimateRequest known = unknown with
        {
            System = HardwareCatalog.BuiltIn.Find("h100_sxm"),
            Framework = FrameworkCatalog.Find("vllm", "test"),
        };
        foreach (EstimateRequest request in (EstimateRequest[])[unknown, known])
        {
            var plan = (CalibratedPlan)new CalibratedCostModel().Prepare(request);
            Coefficients c = plan.Match.Coefficients;

            // How much of others' prompts is felt depends on the device: of one that nobody measured all of it.
            Assert.Equal(request == unknown, plan.Match.Familiarity == Familiarity.Datasheet);
            Assert.Equal(
                new ServiceCoefficients(
                    request == unknown ? 1 : c[Coefficient.Stall], c[Coefficient.FirstToken], c[Coefficient.FirstTokenSteps],
                    c[Coefficient.FirstTokenUser]),
                plan.Service);
        }

        Assert.Equal(ServiceCoefficients.None, Pricing.Plan(unknown).Service);

        // A record that has a value of its own type among its properties would be printed without end.
        Assert.Contains("PromptShare = 1,", ServiceCoefficients.None.ToString(), StringComparison.Ordinal);
    }

    private static ServingSimulationOptions Options(string framework, string system)
    {
        Device device = HardwareCatalog.BuiltIn.Find(system).Device;
        return FrameworkCatalog.Find(framework, "test").OptionsFor(device, 1000);
    }
}
