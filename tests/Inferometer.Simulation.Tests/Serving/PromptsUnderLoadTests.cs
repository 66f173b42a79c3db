using System.Globalization;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Simulation.Tests.Serving;

/// <summary>What must hold of calibrated services whatever was fitted.</summary>
public sealed class PromptsUnderLoadTests
{
    // Operations of the products of one token, two a multiply-add: layers without embeddings and head; and bytes of the weights at 8 bits.
    private const double Llama8 = 2 * 32 * ((2 * 4096.0 * 4096) + (2 * 4096.0 * 1024) + (3 * 4096.0 * 14336));
    private const double Llama70 = 2 * 80 * ((2 * 8192.0 * 8192) + (2 * 8192.0 * 1024) + (3 * 8192.0 * 28672));
    private const double Qwen235 = 2 * 94 * ((2 * 4096.0 * 8192) + (2 * 4096.0 * 512) + (8 * 3 * 4096.0 * 1536)); // 8 of 128 experts

    public static TheoryData<string, string, string, int, string, double> Services => new()
    {
        { "llama-3.1-8b", "h200", "fp8", 1, "vllm", Llama8 }, // the smallest share of all that were fitted
        { "llama-3.1-8b", "h200", "bf16", 1, "vllm", Llama8 },
        { "llama-3.1-8b", "h100", "bf16", 2, "trtllm", Llama8 },
        { "llama-3.1-8b", "a100", "bf16", 1, "vllm", Llama8 },
        { "llama-3.1-8b", "rtx_4090", "fp8", 1, "vllm", Llama8 },
        { "llama-3.1-70b", "b200", "fp8", 1, "vllm", Llama70 },
        { "llama-3.1-70b", "h200", "fp8", 4, "sglang", Llama70 },
        { "llama-3.1-70b", "h200", "fp8", 2, "trtllm", Llama70 },
        { "qwen3-235b-a22b", "h200", "fp8", 4, "vllm", Qwen235 },
        { "qwen3-235b-a22b", "b200", "fp8", 4, "sglang", Qwen235 },
    };

    [Theory]
    [MemberData(nameof(Services))]
    public void First_tokens_come_no_sooner_under_more_load(
        string model, string system, string bits, int tensor, string framework, double operations)
    {
        ICostPlan plan = Plan(model, system, bits, tensor, framework);
        double capacity = plan.Request.System.Device.PeakFor(MathOf(bits)) * tensor / (Tokens * operations); // prompts a second at the peak
        double last = 0, lastMedian = 0;
        foreach (double load in new[] { 0.001, 0.02, 0.1, 0.3, 0.6 })
        {
            ServiceResult result = ServingSimulation.Serve(
                new GeneratedArrivals(new TrafficOptions
                {
                    Process = ArrivalProcess.Parse("poisson", load * capacity),
                    Requests = 150,
                    Input = LengthDistribution.Fixed(Tokens),
                    Output = LengthDistribution.Fixed(64),
                    Seed = 7,
                }),
                plan, FrameworkCatalog.Find(framework, "test").OptionsFor(plan), TestContext.Current.CancellationToken);
            MetricSummary first = result.Report.Value.TimeToFirstToken!;
            Assert.True(
                first.Mean >= 0.97 * last && first.P50 >= 0.97 * lastMedian,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{load} of the peak: {first.Mean} s on average after {last}, {first.P50} in the median after {lastMedian}"));
            (last, lastMedian) = (first.Mean, first.P50);
        }
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void No_step_beats_the_peak_of_the_datasheet(
        string model, string system, string bits, int tensor, string framework, double operations)
    {
        ICostPlan plan = Plan(model, system, bits, tensor, framework);
        double peak = tensor * plan.Request.System.Device.PeakFor(MathOf(bits));
        Steps steps = new();
        ServingSimulation.Serve(
            new GeneratedArrivals(new TrafficOptions
            {
                Process = ArrivalProcess.Parse("poisson", 0.5 * peak / (Tokens * operations)),
                Requests = 100,
                Input = LengthDistribution.Fixed(Tokens),
                Output = LengthDistribution.Fixed(64),
                Seed = 7,
            }),
            plan, FrameworkCatalog.Find(framework, "test").OptionsFor(plan) with { Observer = steps },
            TestContext.Current.CancellationToken);

        Assert.True(steps.Seen.Exists(s => s.IsMixed) || FrameworkCatalog.Find(framework, "test").Scheduler.PromptsFirst);
        foreach ((int tokens, double seconds, bool _) in steps.Seen)
        {
            Assert.True(seconds >= 0.999 * tokens * operations / peak, $"{tokens} tokens in {seconds} s");
        }
    }

    private const int Tokens = 2048;

    private static MathFormat MathOf(string bits) =>
        string.Equals(bits, "fp8", StringComparison.Ordinal) ? MathFormat.Fp8 : MathFormat.Bf16;

    private static ICostPlan Plan(string model, string system, string bits, int tensor, string framework) =>
        new SimulationEngine().Prepare(SimulationConfig.FromJson($$$"""
            {"model": "{{{model}}}", "features": ["prefill", "decode"], "simulation_params": {"system_name": "{{{system}}}",
             "framework": "{{{framework}}}", "bits": "{{{bits}}}", "tensor_parallel": {{{tensor}}}}}
            """));

    private sealed class Steps : IServiceObserver
    {
        public List<(int Tokens, double Seconds, bool IsMixed)> Seen { get; } = [];

        public void OnStep(in ServiceStep step)
        {
            IReadOnlyList<StepChunk> chunks = step.Plan.Chunks;
            bool reads = chunks.Any(c => c.IsPrefill), decodes = chunks.Any(c => !c.IsPrefill);
            Seen.Add((chunks.Sum(c => c.TokenCount), step.Plan.EndSeconds - step.Plan.BeginSeconds, reads && decodes));
        }

        public void OnEnded(long number, bool isMeasured, Sequence sequence)
        {
        }
    }
}
