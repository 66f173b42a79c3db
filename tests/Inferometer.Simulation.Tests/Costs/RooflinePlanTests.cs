using FsCheck;
using FsCheck.Fluent;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

public class RooflinePlanTests
{
    private static readonly ModelArchitecture[] Models =
    [
        Sample.Llama3,
        Sample.Mixtral,
        Sample.DeepSeek,
        Sample.Model("windows", 1024, 5000, [
            .. Sample.Repeat(3, Sample.Attention(8, 2, 128, window: 300), new DenseFeedForward { IntermediateSize = 3000, Gated = false }),
            .. Sample.Repeat(2, Sample.Attention(8, 2, 128, chunk: 256), new DenseFeedForward { IntermediateSize = 3000 }),
            .. Sample.Repeat(1, Sample.Latent with { IndexTopK = 200, IndexHeads = 4, IndexHeadDim = 64 }, null)]),
    ];

    private static Gen<(EstimateRequest, WorkloadPoint)> Cases =>
        from model in Gen.Elements(Models)
        from tensor in Gen.Elements(1, 2, 4)
        from pipeline in Gen.Elements(1, 2, 3)
        from batch in Gen.Choose(1, 40)
        from input in Gen.Choose(1, 1500)
        from output in Gen.Choose(2, 700)
        select (Sample.Request(model) with { System = Sample.RealSystem, Parallelism = new(tensor, pipeline) },
            new WorkloadPoint(batch, input, output));

    [Fact]
    public void Average_decode_step_equals_a_loop_over_the_positions()
    {
        // One pipeline stage: with several, the stage that governs may change on the way, and the average takes the one that governs on
        // average.
        Prop.ForAll(Cases.Where(c => c.Item1.Parallelism.Pipeline == 1).ToArbitrary(), c =>
        {
            ICostPlan plan = Pricing.Plan(c.Item1);
            double sum = 0;
            for (int context = c.Item2.InputTokens + 1; context < c.Item2.InputTokens + c.Item2.OutputTokens; context++)
            {
                sum += plan.Step([], [new(context, c.Item2.BatchSize)]).LatencySeconds;
            }

            double mean = sum / (c.Item2.OutputTokens - 1);
            Assert.Equal(mean, plan.Evaluate(c.Item2).Decode.LatencySeconds, mean * 1e-9);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void Report_and_summary_are_the_same_numbers()
    {
        Prop.ForAll(Cases.ToArbitrary(), c =>
        {
            EstimateSummary summary = Pricing.Plan(c.Item1).Evaluate(c.Item2);
            EstimateReport report = new RooflineCostModel().Estimate(c.Item1 with
            {
                Workload = new() { BatchSize = c.Item2.BatchSize, InputTokens = c.Item2.InputTokens, OutputTokens = c.Item2.OutputTokens },
            });
            Assert.Equal(summary.Prefill, report.Prefill.Totals);
            Assert.Equal(summary.Decode, report.Decode!.Totals);
            Assert.Equal(summary.Metrics, report.Metrics);
            MemoryTotals memory = summary.Memory!.Value;
            Assert.Equal((memory.WeightBytes, memory.KvCacheBytes, memory.ActivationBytes, memory.TotalBytes), (
                report.Memory!.WeightBytes, report.Memory.KvCacheBytes, report.Memory.ActivationBytes, report.Memory.TotalBytes));
            Assert.Equal(summary.Decode.Flops, report.Decode.Total(row => row.Flops), summary.Decode.Flops * 1e-9);
            Assert.Equal(
                summary.Decode.SerialSeconds, report.Decode.Operators.Sum(row => row.TotalSeconds), summary.Decode.SerialSeconds * 1e-9);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(25));
    }

    [Fact]
    public void Latency_falls_or_stays_when_bandwidth_and_arithmetic_grow()
    {
        Prop.ForAll(Cases.ToArbitrary(), c =>
        {
            Device device = c.Item1.System.Device;
            EstimateSummary before = Pricing.Plan(c.Item1).Evaluate(c.Item2);
            Device[] faster =
            [
                device with { MemoryBandwidth = device.MemoryBandwidth * 2 },
                device with { PeakOperationsPerSecond = device.PeakOperationsPerSecond.ToDictionary(p => p.Key, p => p.Value * 2) },
            ];
            foreach (Device better in faster)
            {
                EstimateSummary after = Pricing.Plan(c.Item1 with { System = c.Item1.System with { Device = better } }).Evaluate(c.Item2);
                Assert.True(after.Prefill.LatencySeconds <= before.Prefill.LatencySeconds);
                Assert.True(after.Decode.LatencySeconds <= before.Decode.LatencySeconds);
            }

            Link link = c.Item1.System.IntraNode;
            HardwareSystem wider = c.Item1.System with { IntraNode = link with { Bandwidth = link.Bandwidth * 2 } };
            EstimateSummary wired = Pricing.Plan(c.Item1 with { System = wider }).Evaluate(c.Item2);
            Assert.True(wired.Decode.LatencySeconds <= before.Decode.LatencySeconds);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Fact]
    public void More_requests_and_longer_prompts_never_take_less_time_or_memory()
    {
        Prop.ForAll(Cases.Where(c => c.Item1.Parallelism.Pipeline == 1).ToArbitrary(), c =>
        {
            ICostPlan plan = Pricing.Plan(c.Item1);
            EstimateSummary before = plan.Evaluate(c.Item2);
            EstimateSummary wider = plan.Evaluate(c.Item2 with { BatchSize = c.Item2.BatchSize + 3 });
            EstimateSummary longer = plan.Evaluate(c.Item2 with { InputTokens = c.Item2.InputTokens + 100 });
            Assert.True(
                wider.Prefill.LatencySeconds > before.Prefill.LatencySeconds
                    && longer.Prefill.LatencySeconds > before.Prefill.LatencySeconds);
            Assert.True(wider.Decode.LatencySeconds >= before.Decode.LatencySeconds);
            Assert.True(wider.Memory!.Value.TotalBytes > before.Memory!.Value.TotalBytes);
            Assert.True(longer.Memory!.Value.KvCacheBytes >= before.Memory!.Value.KvCacheBytes);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Tensor_ranks_together_do_the_matrix_work_of_one_device(int tensor)
    {
        PhaseEstimate one = new RooflineCostModel().Prefill(Sample.Request(Sample.Llama3, batch: 2, input: 300));
        PhaseEstimate many = new RooflineCostModel().Prefill(
            Sample.Request(Sample.Llama3, batch: 2, input: 300) with { Parallelism = new(tensor) });
        foreach (string name in (string[])["qkv_projection", "attention_prefill", "output_projection",
            "gate_up_projection", "down_projection", "lm_head"])
        {
            Assert.Equal(one.One(name).Flops, tensor * many.One(name).Flops, 1e-3);
        }
    }

    [Fact]
    public void A_mixed_step_reads_weights_once_for_chunks_and_decoding_sequences()
    {
        EstimateRequest request = Sample.Request(Sample.Llama2);
        StepBatch batch = new() { Prefill = new([new(512, 128, 1, EndsPrompt: false)]), Decode = new([new(100, 3), new(900)]) };
        PhaseEstimate mixed = new RooflineCostModel().MixedStep(request, batch);
        Assert.Equal(132d * 2 * 4096 * 12288, mixed.One("qkv_projection").Flops);
        Assert.Equal(4096d * 12288 * 2, mixed.One("qkv_projection").WeightBytes);
        Assert.Equal(((128 * 512) + (128 * 129 / 2.0)) * 2 * 8192, mixed.One("attention_prefill").Flops);
        Assert.Equal(1200d * 8192 * 2, mixed.One("attention_decode").KvReadBytes);
        Assert.Equal(4d * 2 * 4096 * 32000, mixed.One("lm_head").Flops); // The chunk is not the prompt's last.
        Assert.Throws<InferometerException>(() => new RooflineCostModel().MixedStep(request, new()));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 2)]
    public void Estimates_allocate_nothing(int tensor, int pipeline)
    {
        foreach (ModelArchitecture model in Models)
        {
            ICostPlan plan = Pricing.Plan(Sample.Request(model) with { Parallelism = new(tensor, pipeline) });
            double sum = Sweep(plan);
            long before = GC.GetAllocatedBytesForCurrentThread();
            sum += Sweep(plan);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.True(sum > 0);
        }
    }

    [Fact]
    public void Llama_8B_on_an_H100_decodes_at_the_speed_of_its_memory()
    {
        // 3.35 TB/s and 989 TFLOP/s (NVIDIA H100 SXM datasheet): 15.0 GB streamed (16.06 less the looked-up table) at 85 % = 5.27 ms, and
        // kernel starts.
        Device h100 = Sample.Device with
        {
            PeakOperationsPerSecond = new Dictionary<MathFormat, double> { [MathFormat.Bf16] = 989e12, [MathFormat.Fp32] = 67e12 },
            MemoryBandwidth = 3.35e12,
            Efficiency = new(),
        };
        EstimateRequest request = Sample.Request(
            ModelCatalog.BuiltIn.Resolve("llama-3.1-8b"), input: 128, output: 128) with
        { System = Sample.System with { Device = h100 } };
        EstimateReport report = new RooflineCostModel().Estimate(request);
        Assert.InRange(report.Metrics.TimePerOutputTokenSeconds, 5.3e-3, 6.5e-3);
        Assert.InRange(report.Metrics.DecodeBandwidthUtilization, 0.7, 0.85);
    }

    [Theory]
    [InlineData(0, 1, 1, 0)]
    [InlineData(1, 0, 1, 0)]
    [InlineData(1, 1, 0, 0)]
    [InlineData(1, 10, 1, 10)]
    public void Impossible_workloads_are_refused(int batch, int input, int output, int prefix) =>
        Assert.Throws<InferometerException>(
            () => Pricing.Plan(Sample.Request(Sample.Llama2)).Evaluate(new(batch, input, output, 1, prefix)));

    private static double Sweep(ICostPlan plan)
    {
        double sum = 0;
        for (int batch = 1; batch <= 64; batch *= 2)
        {
            sum += plan.Evaluate(new(batch, 1000 * batch, 300)).Metrics.EndToEndSeconds;
        }

        return sum;
    }
}
