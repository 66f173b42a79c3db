using FsCheck;
using FsCheck.Fluent;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

/// <summary>What must hold of every estimate: random models, machines, parallelism, formats and lengths.</summary>
public class PhysicsTests
{
    private static readonly string[] Models =
    [
        "llama-3.1-8b", "llama2_7b", "mixtral-8x7b", "deepseek-v3", "gpt-oss-20b", "gemma-3-4b-it", "qwen3-30b-a3b", "qwen3-next-80b-a3b",
        "opt-1.3b", "falcon-7b", "phi-2", "nemotron-h-56b-base-8k",
    ];

    private static readonly string[] Formats = ["bf16", "fp16", "fp32", "fp8", "int8", "int4", "mxfp4", "q4_k", "q8_0"];

    private static Gen<(EstimateRequest Request, WorkloadPoint Point)> Cases =>
        from model in Gen.Elements(Models)
        from system in Gen.Elements(HardwareCatalog.BuiltIn.Systems.Select(s => s.System).ToArray())
        from tensor in Gen.Elements(1, 2, 8)
        from pipeline in Gen.Elements(1, 1, 2, 3)
        from data in Gen.Elements(1, 2)
        from attentionData in Gen.Elements(false, true)
        from weights in Gen.Elements(Formats)
        from activations in Gen.Elements(Formats[..5])
        from cache in Gen.Elements(Formats[..5])
        from flash in Gen.Elements(true, true, false)
        from batch in Gen.Choose(1, 300)
        from input in Gen.Choose(1, 6000)
        from output in Gen.Choose(2, 400)
        select (
            new EstimateRequest
            {
                Architecture = ModelCatalog.BuiltIn.Find(model).Architecture,
                System = system,
                Parallelism = new(tensor, pipeline, Data: data, AttentionDataParallel: attentionData),
                AllowUnevenHeads = true,
                FlashAttention = flash,
                Precisions = new()
                {
                    Weights = Precision.Parse(weights, "test"),
                    Activations = Precision.Parse(activations, "test"),
                    KvCache = Precision.Parse(cache, "test"),
                },
            },
            new WorkloadPoint(batch, input, output));

    private static Gen<(EstimateRequest Request, WorkloadPoint Point)> Sound =>
        Cases.Where(c => IsKnownTo(c.Request.System.Device, c.Request));

    [Fact]
    public void Nothing_is_used_more_than_wholly()
    {
        Prop.ForAll(Sound.ToArbitrary(), c =>
        {
            EstimateReport report = Report(c);
            foreach (PhaseEstimate phase in new[] { report.Prefill, report.Decode! })
            {
                Assert.InRange(phase.Totals.FlopUtilization, 0, 1 + 1e-9);
                Assert.InRange(phase.Totals.BandwidthUtilization, 0, 1 + 1e-9);
                Assert.All(phase.Operators, row =>
                {
                    Assert.InRange(row.FlopUtilization, 0, 1 + 1e-9);
                    Assert.InRange(row.BandwidthUtilization, 0, 1 + 1e-9);
                });
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));
    }

    [Fact]
    public void Parts_sum_to_the_whole()
    {
        Prop.ForAll(Sound.ToArbitrary(), c =>
        {
            EstimateReport report = Report(c);
            foreach (PhaseEstimate phase in new[] { report.Prefill, report.Decode! })
            {
                Near(phase.Totals.SerialSeconds, phase.Operators.Sum(row => row.TotalSeconds));
                Near(phase.Totals.SerialSeconds, phase.Groups.Sum(group => group.Seconds));
                Near(phase.Totals.Flops, phase.Total(row => row.Flops));
                Near(phase.Totals.MemoryBytes, phase.Total(row => row.MemoryBytes));
                Near(phase.Totals.CollectiveBytes, phase.Total(row => row.CollectiveBytes));
                Assert.True(phase.LatencySeconds >= phase.Totals.SerialSeconds / (c.Request.Parallelism.Pipeline * 300d));
                Assert.True(c.Request.Parallelism.Pipeline > 1 || Math.Abs(phase.LatencySeconds - phase.Totals.SerialSeconds) < 1e-12);
            }

            MemoryEstimate memory = report.Memory!;
            Near(memory.TotalBytes, memory.WeightBytes + memory.KvCacheBytes + memory.ActivationBytes + memory.ReservedBytes);
            Near(memory.CapacityBytes, memory.KvPoolBytes + memory.WeightBytes + memory.ActivationBytes + memory.ReservedBytes);
            Near(
                report.Metrics.EndToEndSeconds,
                report.Metrics.TimeToFirstTokenSeconds + ((c.Point.OutputTokens - 1) * report.Metrics.TimePerOutputTokenSeconds));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));
    }

    [Fact]
    public void More_work_never_takes_less_time()
    {
        Prop.ForAll(Sound.ToArbitrary(), c =>
        {
            ICostPlan plan = Pricing.Plan(c.Request);
            EstimateSummary now = plan.Evaluate(c.Point);
            foreach (WorkloadPoint more in new[]
            {
                c.Point with { BatchSize = c.Point.BatchSize + 1 }, c.Point with { BatchSize = 2 * c.Point.BatchSize },
                c.Point with { InputTokens = c.Point.InputTokens + 1 }, c.Point with { InputTokens = 2 * c.Point.InputTokens },
                c.Point with { OutputTokens = c.Point.OutputTokens + 1 }, c.Point with { OutputTokens = 3 * c.Point.OutputTokens },
            })
            {
                EstimateSummary then = plan.Evaluate(more);
                AtLeast(now.Prefill.LatencySeconds, then.Prefill.LatencySeconds);
                AtLeast(now.Decode.LatencySeconds, then.Decode.LatencySeconds);
                AtLeast(now.Memory!.Value.TotalBytes, then.Memory!.Value.TotalBytes);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));
    }

    [Fact]
    public void Tensor_cores_for_integers_that_are_slower_than_the_others_are_not_used_beyond_all()
    {
        // Blackwell Ultra has few units for 8-bit integers: attention, in bf16, is not measured by their peak.
        EstimateRequest request = new()
        {
            Architecture = Sample.Llama3,
            System = HardwareCatalog.BuiltIn.Find("b300"),
            Precisions = new() { Weights = Precision.Parse("int8", "test"), Activations = Precision.Parse("int8", "test") },
            Workload = new() { BatchSize = 8, InputTokens = 60000 },
        };
        Assert.InRange(new RooflineCostModel().Prefill(request).Totals.FlopUtilization, 0.1, 1);
    }

    private static EstimateReport Report((EstimateRequest Request, WorkloadPoint Point) c) =>
        new RooflineCostModel().Prepare(c.Request).Estimate(c.Point);

    // Devices that know matrix products alone publish no rate for fp32; asking is an error there, not an estimate.
    private static bool IsKnownTo(Device device, EstimateRequest request) =>
        device.PeakOperationsPerSecond.ContainsKey(MathFormat.Fp32)
        || new[] { request.Precisions.Weights, request.Precisions.Activations, request.Precisions.KvCache }
            .All(p => p.Math != MathFormat.Fp32);

    private static void Near(double expected, double actual) => Assert.Equal(expected, actual, Math.Max(1e-15, Math.Abs(expected) * 1e-9));

    private static void AtLeast(double less, double more) => Assert.True(more >= less * (1 - 1e-9), $"{more} is less than {less}");
}
