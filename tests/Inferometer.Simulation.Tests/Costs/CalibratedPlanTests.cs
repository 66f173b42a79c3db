using Inferometer.Core.Catalog;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

public class CalibratedPlanTests
{
    private static readonly CalibratedCostModel Model = new();

    public static TheoryData<string, string, int> Deployments => new()
    {
        { "llama-3.1-8b", "h100", 1 },
        { "llama-3.1-70b", "b200", 4 },
        { "deepseek-ai/DeepSeek-V3", "h200", 8 },
        { "openai/gpt-oss-120b", "b200", 2 },
        { "Qwen/Qwen3-235B-A22B", "mi300x", 8 },
        { "nvidia/Nemotron-H-56B-Base-8K", "h100", 4 },
        { "llama-3.1-8b", "m2_ultra", 1 },
        { "llama-3.1-8b", "rtx_4090", 1 },
        { "llama-3.1-8b", "epyc_9654", 1 },
        { "qwen3-30b-a3b", "gb10", 1 },
    };

    [Theory]
    [MemberData(nameof(Deployments))]
    public void No_step_is_faster_than_the_datasheet_and_more_work_never_takes_less_time(string model, string system, int tensor)
    {
        ICostPlan plan = Plan(model, system, tensor);
        double lastPrompt = 0, lastStep = 0;
        foreach (int batch in (int[])[1, 2, 3, 7, 8, 9, 16, 33, 64, 200])
        {
            PhaseTotals prompt = plan.Prefill(new(batch, 700, 1)), step = plan.Decode(new(batch, 700, 90));
            foreach (PhaseTotals totals in (PhaseTotals[])[prompt, step])
            {
                Assert.InRange(totals.FlopUtilization, 0, 1);
                Assert.InRange(totals.BandwidthUtilization, 0, 1);
                Assert.True(totals.LatencyInterval!.Value.Low <= totals.LatencySeconds);
                Assert.True(totals.LatencyInterval.Value.High >= totals.LatencySeconds);
            }

            Assert.True(prompt.LatencySeconds >= lastPrompt && step.LatencySeconds >= lastStep, $"batch {batch}");
            (lastPrompt, lastStep) = (prompt.LatencySeconds, step.LatencySeconds);
        }

        double last = 0;
        foreach (int tokens in (int[])[1, 10, 100, 128, 1000, 5000, 20000])
        {
            double mixed = plan.Step([new PrefillChunk(100, tokens)], [new DecodeGroup(500, 8)]).LatencySeconds;
            Assert.True(mixed >= last, $"chunk {tokens}");
            Assert.True(mixed >= plan.Step([], [new DecodeGroup(500, 8)]).LatencySeconds);
            last = mixed;
        }
    }

    [Theory]
    [MemberData(nameof(Deployments))]
    public void The_average_decode_step_is_that_of_a_loop_over_all_of_them(string model, string system, int tensor)
    {
        ICostPlan plan = Plan(model, system, tensor);
        foreach ((int input, int output) in ((int, int)[])[(1, 2), (1, 3), (50, 4), (60, 200), (4000, 300)])
        {
            double sum = 0;
            for (int i = 1; i < output; i++)
            {
                sum += plan.Step([], [new DecodeGroup(input + i, 5)]).LatencySeconds;
            }

            double average = plan.Decode(new(5, input, output)).LatencySeconds;
            Assert.Equal(1, average / (sum / (output - 1)), 1e-3);
        }
    }

    [Fact]
    public void Rows_add_up_to_the_step_with_what_the_framework_takes_among_them()
    {
        ICostPlan plan = Plan("llama-3.1-8b", "h100", 2);
        List<OperatorRow> rows = [];
        PhaseTotals step = plan.Decode(new(24, 1000, 100), rows);
        Assert.Equal(1, rows.Sum(r => r.TotalSeconds) / step.LatencySeconds, 1e-9);
        double framework = rows.Where(r => r.Group == OperatorGroup.Framework).Sum(r => r.TotalSeconds);
        Coefficients c = CalibrationSet.BuiltIn.Match(plan.Request).Coefficients;
        Assert.Equal(c[Coefficient.Step] + (24 * c[Coefficient.Sequence]), framework, 1e-9);

        // A prompt so short that its operators would outrun the framework waits for it.
        rows.Clear();
        PhaseTotals prompt = plan.Prefill(new(1, 1, 1), rows);
        Assert.True(prompt.LatencySeconds >= c[Coefficient.PromptLayer] * plan.Request.Architecture.LayerCount);
        Assert.Equal(1, rows.Sum(r => r.TotalSeconds) / prompt.LatencySeconds, 1e-9);
    }

    [Fact]
    public void Frameworks_differ()
    {
        EstimateRequest request = Plan("llama-3.1-8b", "h100", 1).Request;
        double vllm =
            Model.Prepare(request with { Framework = FrameworkCatalog.Find("vllm", "test") }).Decode(new(64, 1000, 100)).LatencySeconds;
        double trtllm =
            Model.Prepare(request with { Framework = FrameworkCatalog.Find("trtllm", "test") }).Decode(new(64, 1000, 100)).LatencySeconds;
        Assert.NotEqual(vllm, trtllm);
    }

    [Fact]
    public void Steps_that_repeat_take_what_steps_by_themselves_take()
    {
        ICostPlan plan = Plan("llama-3.1-8b", "h100", 1, "sglang");
        var repeated = (IRepeatedDecode)plan;
        repeated.BeginRepeat([new(500, 8), new(90, 3)]);
        for (int later = 0; later < 4; later++)
        {
            Assert.Equal(
                plan.Step([], [new(500 + later, 8), new(90 + later, 3)]).LatencySeconds, repeated.Repeat(later).LatencySeconds, 1e-15);
        }
    }

    [Fact]
    public void Pricing_allocates_nothing_once_a_plan_is_made()
    {
        ICostPlan plan = Plan("openai/gpt-oss-120b", "b200", 2);
        PrefillChunk[] chunks = [new(0, 200)];
        DecodeGroup[] groups = [new(500, 8)];
        double seconds = Price(plan, chunks, groups);
        long before = GC.GetAllocatedBytesForCurrentThread();
        seconds += Price(plan, chunks, groups);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(seconds > 0);
    }

    [Fact]
    public void An_estimate_says_what_it_rests_on()
    {
        EstimateBasis fitted = Plan("llama-3.1-8b", "h100", 1, "trtllm").Basis!;
        Assert.Equal(Familiarity.Fitted, fitted.Familiarity);
        Assert.Matches("^fitted on [0-9,]+ runs of this model and format on this device with trtllm$", fitted.RestsOn);
        EstimateBasis unknown = Plan("llama-3.1-8b", "tpu_v5e", 1).Basis!;
        Assert.Equal(Familiarity.Datasheet, unknown.Familiarity);
        Assert.Contains("datasheet only", unknown.RestsOn, StringComparison.Ordinal);
        Assert.True(unknown.TimePerOutputToken.High90 > fitted.TimePerOutputToken.High90);
        Assert.StartsWith("Datasheet only", Plan("llama-3.1-8b", "tpu_v5e", 1).Assumptions[0], StringComparison.Ordinal);
    }

    private static double Price(ICostPlan plan, PrefillChunk[] chunks, DecodeGroup[] groups) =>
        plan.Prefill(new(3, 500, 1)).LatencySeconds + plan.Decode(new(3, 500, 50)).LatencySeconds
            + plan.Step(chunks, groups).LatencySeconds + plan.Evaluate(new(2, 100, 20)).Metrics.EndToEndSeconds;

    private static ICostPlan Plan(string model, string system, int tensor, string? framework = null) => Model.Prepare(new EstimateRequest
    {
        Architecture = ModelCatalog.BuiltIn.Resolve(model),
        System = HardwareCatalog.BuiltIn.Find(system),
        Parallelism = new(tensor),
        AllowUnevenHeads = true,
        Framework = framework is null ? null : FrameworkCatalog.Find(framework, "test"),
    });
}
