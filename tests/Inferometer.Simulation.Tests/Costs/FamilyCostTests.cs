using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Tests;

namespace Inferometer.Simulation.Tests.Costs;

/// <summary>Layers that are neither attention nor a network alone: what they hold, read and keep.</summary>
public sealed class FamilyCostTests
{
    private readonly RooflineCostModel _model = new();

    [Fact]
    public void Every_reference_configuration_is_priced_and_holds_what_it_counts()
    {
        string folder = SharedFolder.Require("reference/hf_configs");
        List<string> wrong = [];
        int seen = 0;
        foreach (string[] row in File.ReadLines(Path.Combine(folder, "counts.csv")).Skip(1).Select(line => line.Split(',')))
        {
            if (row[1] is not "decoder")
            {
                continue;
            }

            ModelArchitecture model = HuggingFaceConfigReader.Read(Path.Combine(folder, $"{row[0]}.json"));
            EstimateReport report = _model.Estimate(Sample.Request(model, input: 100, output: 8));
            double held = report.Memory!.WeightBytes / 2;
            seen++;
            if (Math.Abs(held - ParameterCount.Of(model).Total) > 1e-4 * held || report.Decode!.Totals.LatencySeconds <= 0)
            {
                wrong.Add($"{row[0]}: {held} held, {ParameterCount.Of(model).Total} counted");
            }
        }

        Assert.Empty(wrong);
        Assert.True(seen >= 66);
    }

    [Fact]
    public void A_described_recurrence_passes_its_state_once_a_sequence_and_keeps_it()
    {
        RecurrentMixer mixer = Recurrence();
        ModelArchitecture model = Sample.Model("recurrent", 256, 1000, Sample.Layer(mixer, null));
        EstimateReport report = _model.Estimate(Sample.Request(model, batch: 3, input: 5000, output: 2));
        PhaseEstimate decode = report.Decode!;

        Assert.Equal(3d * 512 * 16 * 4, decode.One("recurrence").KvReadBytes, 1e-6);
        Assert.Equal(3d * 512 * 16 * 4, decode.One("recurrence").KvWriteBytes, 1e-6);
        Assert.Equal(3d * 7 * 512 * 16, decode.One("recurrence").Flops, 1e-6);
        Assert.Equal(3d * 2 * 256 * 1024, decode.One("in_projection").Flops, 1e-6);
        Assert.Equal(3d * 512 * 3 * 2, decode.One("causal_convolution").KvReadBytes, 1e-6);
        Assert.Equal(0, report.Memory!.KvBytesPerToken);
        Assert.Equal(3d * ((512 * 16 * 4) + (512 * 3 * 2)), report.Memory!.KvCacheBytes, 1e-6);
    }

    [Fact]
    public void A_described_recurrence_is_shared_out_with_its_heads()
    {
        ModelArchitecture model = Sample.Model("recurrent", 256, 1000, Sample.Layer(Recurrence(), null));
        PhaseEstimate decode = _model.Decode(Sample.Request(model, output: 2) with { Parallelism = new(Tensor: 4) });

        Assert.Equal(2d * 256 * 256, decode.One("in_projection").Flops, 1e-6);
        Assert.Equal(2d * 128 * 256, decode.One("out_projection").Flops, 1e-6);
        Assert.Equal(128d * 16 * 4, decode.One("recurrence").KvReadBytes, 1e-6);
    }

    [Fact]
    public void A_layer_that_reuses_weights_reads_them_and_holds_none()
    {
        LayerArchitecture own = Sample.Layer(Sample.Attention(4, 4, 64), new DenseFeedForward { IntermediateSize = 1024 });
        ModelArchitecture once = Sample.Model("once", 256, 1000, own);
        ModelArchitecture twice = Sample.Model("twice", 256, 1000, own, own with { ReusesWeights = true });
        EstimateReport single = _model.Estimate(Sample.Request(once, input: 100, output: 2));
        EstimateReport reused = _model.Estimate(Sample.Request(twice, input: 100, output: 2));

        Assert.Equal(single.Memory!.WeightBytes, reused.Memory!.WeightBytes, 1e-6);
        Assert.Equal(2 * single.Memory.KvBytesPerToken, reused.Memory.KvBytesPerToken, 1e-6);
        Assert.Equal(2, reused.Decode!.Named("qkv_projection").Count());
    }

    [Fact]
    public void A_layer_that_reads_another_layers_cache_writes_and_keeps_none()
    {
        AttentionMixer own = Sample.Attention(4, 2, 64);
        LayerArchitecture reader = Sample.Layer(own with { ReusesCache = true }, null);
        ModelArchitecture model = Sample.Model("shared", 256, 1000, Sample.Layer(own, null), reader);
        EstimateReport report = _model.Estimate(Sample.Request(model, input: 99, output: 2));
        double[] written = [.. report.Decode!.Named("rope_kv_write").Select(row => row.KvWriteBytes)];
        double[] projected = [.. report.Decode!.Named("qkv_projection").Select(row => row.Flops)];

        Assert.Equal([2d * 2 * 64 * 2, 0], written);
        Assert.Equal([2d * 256 * 8 * 64, 2d * 256 * 4 * 64], projected);
        Assert.Equal(2d * 2 * 64 * 2, report.Memory!.KvBytesPerToken, 1e-6);
        Assert.All(report.Decode!.Named("attention_decode"), row => Assert.Equal(100d * 2 * 2 * 64 * 2, row.KvReadBytes, 1e-6));
    }

    [Fact]
    public void Side_parts_are_read_as_they_are_used()
    {
        ModelArchitecture model = Sample.Model("parts", 256, 1000, Sample.Layer(Sample.Attention(4, 4, 64), null) with
        {
            Parts =
            [
                new("low-rank branch", 10_000, SidePartUse.Multiplied),
                new("inner norm", 256, SidePartUse.Applied),
                new("second table", 500_000, SidePartUse.LookedUp),
            ],
        }) with
        {
            Parts = [new("vision tower", 1_000_000, SidePartUse.Idle)],
        };
        EstimateReport report = _model.Estimate(Sample.Request(model, batch: 2, output: 2));
        PhaseEstimate decode = report.Decode!;

        Assert.Equal(2d * 2 * 10_000, decode.One("low-rank_branch").Flops, 1e-6);
        Assert.Equal(10_000d * 2, decode.One("low-rank_branch").WeightBytes, 1e-6);
        Assert.Equal(2d * 500 * 2, decode.One("second_table").WeightBytes, 1e-6);
        Assert.Equal((0, 0), (decode.One("vision_tower").Seconds, decode.One("vision_tower").WeightBytes));
        Assert.Equal(2d * ParameterCount.Of(model).Total, report.Memory!.WeightBytes, 1e-3);
    }

    [Fact]
    public void Two_mixers_of_a_layer_both_run_and_keep_their_memory()
    {
        MambaMixer mamba = new() { Heads = 8, HeadDim = 64, StateSize = 16, Groups = 1, ConvolutionTaps = 4 };
        LayerArchitecture layer = Sample.Layer(Sample.Attention(4, 2, 64), new DenseFeedForward { IntermediateSize = 512 });
        ModelArchitecture model = Sample.Model("both", 256, 1000, layer with { ParallelMixer = mamba });
        EstimateReport report = _model.Estimate(Sample.Request(model, output: 2));

        Assert.Equal(8d * 64 * 16 * 4, report.Decode!.One("state_space_scan").KvReadBytes, 1e-6);
        Assert.True(report.Decode!.One("attention_decode").Flops > 0);
        Assert.Equal(2d * 2 * 64 * 2, report.Memory!.KvBytesPerToken, 1e-6);
        Assert.Equal(2d * ParameterCount.Of(model).Total, report.Memory.WeightBytes, 1e-3);
    }

    [Theory]
    [InlineData(3, "Allowed: 1, 2, 4, 8, 16, 32.")]
    [InlineData(12, "Allowed: 1, 2, 4, 8, 16, 32.")]
    public void Degrees_that_do_not_divide_the_heads_are_refused_with_those_that_do(int tensor, string allowed)
    {
        EstimateRequest request = Sample.Request(Sample.Llama3) with { Parallelism = new(Tensor: tensor) };
        InferometerException error = Assert.Throws<InferometerException>(() => _model.Prepare(request));
        Assert.Contains($"tensor = {tensor}", error.Message, StringComparison.Ordinal);
        Assert.Contains("32 query and 8 key/value heads", error.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
        Assert.True(_model.Decode(request with { AllowUnevenHeads = true }).Totals.LatencySeconds > 0);
    }

    [Fact]
    public void A_family_nobody_has_described_is_never_priced_silently()
    {
        ModelArchitecture model = HuggingFaceConfigReader.Parse(
            """
            {"model_type":"brand_new","hidden_size":256,"intermediate_size":512,"num_hidden_layers":2,"num_attention_heads":4,
             "vocab_size":1000}
            """,
            "config.json");
        ICostPlan plan = _model.Prepare(Sample.Request(model));
        string said = Assert.Single(plan.Assumptions, line => line.Contains("'brand_new'", StringComparison.Ordinal));
        Assert.Contains("unverified", said, StringComparison.Ordinal);
        Assert.Contains("intermediate_size", said, StringComparison.Ordinal);
    }

    private static RecurrentMixer Recurrence() => new()
    {
        Kind = "scan",
        Heads = 512,
        Projections = [new("in_projection", 256, 1024), new("out_projection", 512, 256, ProjectionSplit.Inputs)],
        ElementParameters = 512 * 17,
        ConvolutionChannels = 512,
        ConvolutionTaps = 4,
        ConvolutionBias = true,
        StateElements = 512 * 16,
        FlopsPerStateElement = 7,
    };
}
