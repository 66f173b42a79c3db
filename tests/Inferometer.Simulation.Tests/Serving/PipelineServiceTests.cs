using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Simulation.Tests.Serving;

/// <summary>
/// Services whose layers are dealt out to stages: a request by itself is no faster for them, many requests keep all of them at work.
/// </summary>
public sealed class PipelineServiceTests
{
    private const int Input = 2048;
    private const int Output = 128;

    [Theory]
    [InlineData("vllm")]
    [InlineData("trtllm")]
    [InlineData("sglang")]
    public void Prompts_of_many_keep_all_stages_at_work(string framework)
    {
        double last = 0, lastFormula = 0, joules = 0;
        foreach (int stages in (int[])[1, 2, 4])
        {
            ICostPlan plan = Plan(framework, stages);
            ServiceResult served = Serve(plan, perSecond: 1000, requests: 400);
            double rate = served.Report.Value.OutputTokensPerSecond;
            double formula = 400 / ClosedLoopModel.Estimate(plan, new ClosedLoopLoad(400, Input, Output)).EndToEndSeconds;
            Assert.True(stages == 1 || (rate > 1.5 * last && rate < 2.5 * last), $"{stages} stages: {rate} tokens/s after {last}");
            Assert.True(
                stages == 1 || (formula > 1.4 * lastFormula && formula < 2.5 * lastFormula),
                $"{stages} stages: {formula} after {lastFormula}");
            double perToken = served.Load.JoulesPerOutputToken!.Value;
            Assert.True(
                stages == 1 || (perToken > 0.8 * joules && perToken < 1.5 * joules), $"{stages} stages: {perToken} J after {joules}");
            (last, lastFormula, joules) = (rate, formula, perToken);
        }
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("trtllm")]
    [InlineData("sglang")]
    public void A_request_by_itself_passes_one_stage_after_the_other(string framework)
    {
        ServingReport one = Serve(Plan(framework, 1), perSecond: 0.01, requests: 20).Report.Value;
        ServingReport four = Serve(Plan(framework, 4), perSecond: 0.01, requests: 20).Report.Value;
        Assert.InRange(four.TimeToFirstToken!.Mean / one.TimeToFirstToken!.Mean, 0.95, 1.2);
        Assert.InRange(four.TimePerOutputToken!.Mean / one.TimePerOutputToken!.Mean, 0.95, 1.2);
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("trtllm")]
    [InlineData("sglang")]
    public void First_tokens_come_no_sooner_under_more_load(string framework)
    {
        ICostPlan plan = Plan(framework, 4);
        double last = 0;
        foreach (double perSecond in (double[])[0.01, 0.5, 2, 5])
        {
            double first = Serve(plan, perSecond, requests: 150).Report.Value.TimeToFirstToken!.Mean;
            Assert.True(first >= 0.97 * last, $"{perSecond} requests/s: {first} s after {last}");
            last = first;
        }
    }

    private static ServiceResult Serve(ICostPlan plan, double perSecond, int requests) => ServingSimulation.Serve(
        new GeneratedArrivals(new TrafficOptions
        {
            Process = ArrivalProcess.Parse("poisson", perSecond),
            Requests = requests,
            Input = LengthDistribution.Fixed(Input),
            Output = LengthDistribution.Fixed(Output),
            Seed = 7,
        }),
        plan, plan.Request.Framework!.OptionsFor(plan), TestContext.Current.CancellationToken);

    private static ICostPlan Plan(string framework, int stages) => new SimulationEngine().Prepare(SimulationConfig.FromJson($$$"""
        {"model": "llama-3.1-70b", "features": ["prefill", "decode"], "simulation_params": {"system_name": "h200",
         "framework": "{{{framework}}}", "bits": "fp8", "pipeline_parallel": {{{stages}}}}}
        """));
}
