using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Models;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Network;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

public class RooflineParallelTests
{
    private readonly RooflineCostModel _model = new();

    [Fact]
    public void Tensor_parallelism_splits_heads_and_reduces_twice_a_layer()
    {
        EstimateRequest request = Sample.Request(Sample.Llama3, batch: 8, output: 2) with
        {
            Parallelism = new(Tensor: 4),
            CollectiveAlgorithm = CollectiveAlgorithm.Ring,
        };
        PhaseEstimate decode = _model.Decode(request);

        // 8 query and 2 KV heads a device.
        Assert.Equal(8d * 2 * 4096 * (1024 + 256 + 256), decode.One("qkv_projection").Flops, 1e-3);
        OperatorRow reduce = decode.One("mixer_all_reduce");
        Assert.Equal(8d * 4096 * 2, reduce.CollectiveBytes);
        Assert.Equal((6 * 1e-6) + (2 * 3 / 4.0 * 65536 / 100e9), reduce.Seconds, 1e-15);
        Assert.Equal(OperatorBound.Network, reduce.Bound);
        Assert.Equal(64, decode.Named("mixer_all_reduce").Concat(decode.Named("feed_forward_all_reduce")).Sum(row => row.Count));

        // 128256 / 4 rows of the head, whose logits are gathered.
        Assert.Equal(8d * 2 * 4096 * 32064, decode.One("lm_head").Flops, 1e-3);
        Assert.Equal(8d * 128256 * 2, decode.One("logits_all_gather").CollectiveBytes, 1e-6);
    }

    [Fact]
    public void Heads_that_do_not_divide_are_padded_and_few_KV_heads_replicated()
    {
        ModelArchitecture model =
            Sample.Model("odd", 1280, 1000, Sample.Layer(Sample.Attention(10, 2, 128), new DenseFeedForward { IntermediateSize = 1001 }));
        EstimateRequest request = Sample.Request(model, output: 2, input: 99) with
        { Parallelism = new(Tensor: 4), AllowUnevenHeads = true };
        PhaseEstimate decode = _model.Decode(request);

        // ceil(10 / 4) = 3 query heads, one KV head each; ceil(1001 / 4) = 251 columns.
        Assert.Equal(2d * 1280 * (3 + 1 + 1) * 128, decode.One("qkv_projection").Flops, 1e-6);
        Assert.Equal(100d * 2 * 128 * 2, decode.One("attention_decode").KvReadBytes, 1e-6);
        Assert.Equal(2d * 1280 * 502, decode.One("gate_up_projection").Flops, 1e-6);
    }

    [Fact]
    public void A_pipeline_fills_and_drains_in_prefill()
    {
        EstimateRequest request = Sample.Request(FourEqualLayers(), batch: 4, input: 512) with
        {
            Parallelism = new(Pipeline: 2),
            MicroBatches = 4,
        };
        PhaseEstimate prefill = _model.Prefill(request);
        (double first, double second) = Stages(prefill);
        Assert.Equal(first + second + (3 * Math.Max(first, second)), prefill.LatencySeconds, 1e-15);
        Assert.Equal(4 * (first + second), prefill.Totals.SerialSeconds, 1e-15);
        Assert.Equal(4, prefill.One("send_receive").Count);

        // 512 tokens x 1024 x 2 bytes from stage to stage.
        Assert.Equal(1e-6 + (512d * 1024 * 2 / 100e9), prefill.One("send_receive").Seconds, 1e-15);
    }

    [Fact]
    public void A_pipeline_stays_full_in_decode()
    {
        EstimateRequest request = Sample.Request(
            FourEqualLayers(), batch: 4, input: 512, output: 9) with
        { Parallelism = new(Pipeline: 2) };
        PhaseEstimate decode = _model.Decode(request);
        (double first, double second) = Stages(decode);
        Assert.Equal(2 * Math.Max(first, second), decode.LatencySeconds, 1e-15);
    }

    [Fact]
    public void Prompts_beside_decoding_sequences_do_not_drain_a_pipeline()
    {
        ICostPlan plan = Pipeline(2);
        DecodeGroup[] decoding = [new(600, 8)];
        PhaseTotals alone = plan.Step([], decoding), mixed = plan.Step([new(0, 512)], decoding);

        // Both micro-batches hold half of the prompt, and go round without a gap: the slower stage of the two works all the time.
        List<OperatorRow> rows = [];
        plan.Step([new(0, 512)], decoding, rows);
        double layers = 2 * rows.Where(row => row.LayerClass == 0).Sum(row => row.Seconds);
        double second = layers + rows.Where(row => row.LayerClass < 0 && row.Name is not "embedding").Sum(row => row.Seconds);
        Assert.Equal(2 * second, mixed.LatencySeconds, 1e-12);
        Assert.Equal(mixed.LatencySeconds, mixed.PaceSeconds);

        // So a prompt adds about half of what it takes by itself, where it passes one stage after the other.
        double own = plan.Step([new(0, 512)], []).LatencySeconds;
        Assert.InRange(mixed.LatencySeconds - alone.LatencySeconds, 0.3 * own, 0.7 * own);
    }

    [Fact]
    public void Long_prompts_follow_themselves_through_a_pipeline()
    {
        PhaseTotals one = Pipeline(1).Step([new(0, 8192)], []), four = Pipeline(4).Step([new(0, 8192)], []);
        Assert.Equal(0, one.DrainSeconds);

        // Sixteen passes of 512 tokens: the first passes four stages, the others leave the last one after it.
        List<OperatorRow> rows = [];
        Pipeline(4).Step([new(0, 8192)], [], rows);
        double layer = rows.Where(row => row.LayerClass == 0).Sum(row => row.Seconds);
        double first = layer + rows.Single(row => row.Name is "embedding").Seconds;
        double last = layer + rows.Where(row => row.LayerClass < 0 && row.Name is not "embedding").Sum(row => row.Seconds);
        double pass = first + (2 * (layer + rows.Single(row => row.Name is "send_receive").Seconds)) + last;
        Assert.Equal(pass + (15 * Math.Max(first, last)), four.LatencySeconds, 1e-12);
        Assert.Equal(pass - Math.Max(first, last), four.DrainSeconds, 1e-12);
        Assert.Equal(16 * Math.Max(first, last), four.PaceSeconds, 1e-12);
    }

    [Fact]
    public void A_framework_with_few_pieces_under_way_leaves_stages_idle()
    {
        FrameworkProfile llama = FrameworkCatalog.Find("llama.cpp", "test");
        Assert.Equal(4, llama.PipelinePieces);
        PhaseTotals any = Pipeline(4).Step([new(0, 8192)], []);
        PhaseTotals two = Pipeline(4, llama with { PipelinePieces = 2 }).Step([new(0, 8192)], []);
        double pass = any.DrainSeconds + (any.PaceSeconds / 16);
        Assert.Equal(16 * pass / 2, two.PaceSeconds, 1e-12);
    }

    [Fact]
    public void Stages_work_one_after_the_other_where_the_tokens_of_all_sequences_are_chosen_at_once()
    {
        FrameworkProfile llama = FrameworkCatalog.Find("llama.cpp", "test");
        List<OperatorRow> rows = [];
        PhaseTotals four = Pipeline(4, llama).Step([], [new(512, 16)], rows);
        double sent = rows.Where(row => row.Name is "send_receive").Sum(row => row.Count * row.Seconds);
        Assert.Equal(Pipeline(1, llama).Step([], [new(512, 16)]).LatencySeconds, four.LatencySeconds - sent, 1e-12);
        Assert.Equal(four.LatencySeconds, Pipeline(4, llama).Decode(new WorkloadPoint(16, 511, 2)).LatencySeconds, 1e-12);
        Assert.Equal(0, four.DrainSeconds);

        // Of 2,048 tokens, prompts and decoding sequences, four passes follow one another; then tokens are chosen.
        PhaseTotals mixed = Pipeline(4, llama).Step([new(0, 2032)], [new(512, 16)]);
        PhaseTotals prompt = Pipeline(4, llama).Step([new(0, 2048)], []);
        Assert.Equal(0, mixed.DrainSeconds);
        Assert.InRange(mixed.LatencySeconds, prompt.LatencySeconds, 1.2 * prompt.LatencySeconds);
        Assert.True(mixed.LatencySeconds < 0.6 * mixed.SerialSeconds);
    }

    [Fact]
    public void One_prompt_more_takes_longer_and_is_read_no_slower_than_those_before()
    {
        ICostPlan plan = Pipeline(4);
        double last = 0, rate = 0;
        for (int prompts = 1; prompts <= 40; prompts++)
        {
            double seconds = plan.Prefill(new WorkloadPoint(prompts, 100, 1)).LatencySeconds;
            Assert.Equal(plan.Step([new(0, 100, prompts)], []).LatencySeconds, seconds, 1e-12);
            Assert.True(seconds > last && prompts / seconds > rate, $"{prompts} prompts");
            (last, rate) = (seconds, 0.999 * prompts / seconds);
        }
    }

    [Fact]
    public void Layers_that_do_not_divide_burden_the_first_stages()
    {
        ModelArchitecture model = Sample.Model(
            "five", 1024, 1000, Sample.Repeat(5, Sample.Attention(8, 8, 128), new DenseFeedForward { IntermediateSize = 4096 }));
        MemoryOf(model, 1, out double whole);
        MemoryOf(model, 2, out double split);
        double layer = ((4d * 1024 * 1024) + (3d * 1024 * 4096) + (2 * 1024)) * 2;

        // Three of five layers and the embedding table: the second stage holds two, the norm and the head.
        Assert.Equal((3 * layer) + (1000d * 1024 * 2), split, 1e-3);
        Assert.Equal((5 * layer) + (2000d * 1024 * 2) + (1024 * 2), whole, 1e-3);
    }

    [Fact]
    public void Replicas_share_the_batch_and_nothing_else()
    {
        PhaseEstimate one = _model.Decode(Sample.Request(Sample.Llama3, batch: 4, output: 10));
        PhaseEstimate four = _model.Decode(Sample.Request(Sample.Llama3, batch: 16, output: 10) with { Parallelism = new(Data: 4) });
        Assert.Equal(one.LatencySeconds, four.LatencySeconds);
    }

    [Fact]
    public void Overlap_hides_its_share_of_every_collective()
    {
        EstimateRequest request = Sample.Request(Sample.Llama3, batch: 8, input: 2000) with { Parallelism = new(Tensor: 8) };
        PhaseEstimate shown = _model.Prefill(request);
        PhaseEstimate hidden = _model.Prefill(request with { CommunicationOverlap = 0.75 });
        Assert.Equal(0.75 * shown.Totals.CommunicationSeconds, shown.LatencySeconds - hidden.LatencySeconds, 1e-12);
        Assert.Contains(hidden.Assumptions, text => text.Contains("hidden", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 1, 1, "at least 1")]
    [InlineData(1, 33, 1, "cannot share")]
    [InlineData(4, 1, 3, "must divide")]
    public void Impossible_degrees_are_refused_in_one_line(int tensor, int pipeline, int expert, string part)
    {
        EstimateRequest request = Sample.Request(Sample.Mixtral) with { Parallelism = new(tensor, pipeline, expert) };
        InferometerException error = Assert.Throws<InferometerException>(() => _model.Estimate(request));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static ICostPlan Pipeline(int stages, FrameworkProfile? framework = null) => new RooflineCostModel().Prepare(
        Sample.Request(FourEqualLayers(), batch: 1, input: 512) with
        {
            Parallelism = new(Pipeline: stages),
            MaxStepTokens = 512,
            Framework = framework,
        });

    private static ModelArchitecture FourEqualLayers() =>
        Sample.Model("four", 1024, 1000, Sample.Repeat(4, Sample.Attention(8, 8, 128), new DenseFeedForward { IntermediateSize = 4096 }));

    /// <summary>
    /// Seconds of one micro-batch in each of two stages of two layers: embedding in the first; the message, norm, head and sampling in the
    /// second.
    /// </summary>
    private static (double First, double Second) Stages(PhaseEstimate phase)
    {
        double layers = 2 * phase.Operators.Where(row => row.LayerClass == 0).Sum(row => row.Seconds);
        double embedding = phase.One("embedding").Seconds;
        double rest = phase.Operators.Where(row => row.LayerClass < 0).Sum(row => row.Seconds) - embedding;
        return (layers + embedding, layers + rest);
    }

    private void MemoryOf(ModelArchitecture model, int stages, out double weights) =>
        weights = _model.Estimate(Sample.Request(model) with { Parallelism = new(Pipeline: stages) }).Memory!.WeightBytes;
}
