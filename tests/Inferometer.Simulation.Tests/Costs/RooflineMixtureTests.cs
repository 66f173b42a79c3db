using Inferometer.Core.Models;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

public class RooflineMixtureTests
{
    private readonly RooflineCostModel _model = new();

    [Theory]
    [InlineData(1, 2)] // One token uses its two experts: 8 (1 - 6/8).
    [InlineData(2, 3.5)] // 8 (1 - (6/8)^2) = 3.5
    [InlineData(4, 5.46875)] // 8 (1 - (6/8)^4)
    public void A_step_reads_the_experts_a_batch_is_expected_to_touch(int batch, double experts)
    {
        PhaseEstimate decode = _model.Decode(Sample.Request(Sample.Mixtral, batch, output: 2));
        Assert.Equal(experts * 2 * 4096 * 14336 * 2, decode.One("expert_gate_up").WeightBytes, 1e-3);
        Assert.Equal(experts * 4096 * 14336 * 2, decode.One("expert_down").WeightBytes, 1e-3);
        Assert.Equal(batch * 2d * 2 * 4096 * 2 * 14336, decode.One("expert_gate_up").Flops, 1e-3); // Two experts a token.
    }

    [Fact]
    public void Expert_parallelism_divides_experts_and_sends_tokens_to_them()
    {
        EstimateRequest request = Sample.Request(Sample.Mixtral, batch: 4, output: 2) with { Parallelism = new(Tensor: 4, Expert: 4) };
        PhaseEstimate decode = _model.Decode(request);

        // Two whole experts a device: 2 (1 - (6/8)^4) touched; a quarter of the 4 x 2 token copies.
        Assert.Equal(2 * (1 - Math.Pow(0.75, 4)) * 2 * 4096 * 14336 * 2, decode.One("expert_gate_up").WeightBytes, 1e-3);
        Assert.Equal(2 * 2d * 4096 * 2 * 14336, decode.One("expert_gate_up").Flops, 1e-3);

        // A device owns one of the four tokens and sends its 4096 x 2 bytes to 3 (1 - (3/4)^2) = 1.3125 other devices.
        Assert.Equal(1.3125 * 4096 * 2, decode.One("expert_dispatch").CollectiveBytes, 1e-6);
        Assert.Equal(1e-6 + (1.3125 * 4096 * 2 / 100e9), decode.One("expert_combine").Seconds, 1e-15);
    }

    [Fact]
    public void Tensor_parallel_experts_are_cut_in_width()
    {
        PhaseEstimate decode = _model.Decode(Sample.Request(Sample.Mixtral, output: 2) with { Parallelism = new(Tensor: 4) });
        Assert.Equal(2d * 2 * 4096 * 3584 * 2, decode.One("expert_gate_up").WeightBytes, 1e-3);
        Assert.Empty(decode.Named("expert_dispatch"));
    }

    [Fact]
    public void Attention_data_parallelism_shares_experts_and_splits_requests()
    {
        EstimateRequest request = Sample.Request(Sample.Mixtral, batch: 8, output: 2) with
        {
            Parallelism = new(Data: 4, Expert: 4, AttentionDataParallel: true),
        };
        PhaseEstimate decode = _model.Decode(request);

        // Attention is whole on every rank, for two of the eight requests; the rank's two experts see all eight tokens.
        Assert.Equal(2d * 2 * 4096 * (4096 + 2048), decode.One("qkv_projection").Flops, 1e-3);
        Assert.Equal(8d * 2 / 4 * 2 * 4096 * 2 * 14336, decode.One("expert_gate_up").Flops, 1e-3);
        Assert.Equal(2 * (1 - Math.Pow(0.75, 8)) * 2 * 4096 * 14336 * 2, decode.One("expert_gate_up").WeightBytes, 1e-3);
        Assert.Equal(2 * 1.3125 * 4096 * 2, decode.One("expert_dispatch").CollectiveBytes, 1e-6);
        Assert.Empty(decode.Named("mixer_all_reduce"));

        // Without expert parallelism every rank holds a slice of all experts and all tokens are gathered: 8 x 4096 x 2 bytes.
        PhaseEstimate sliced = _model.Decode(request with { Parallelism = new(Data: 4, AttentionDataParallel: true) });
        Assert.Equal(8d * 4096 * 2, sliced.One("expert_all_gather").CollectiveBytes, 1e-6);
        Assert.Equal(3584d * 4096 * 2, sliced.One("expert_down").WeightBytes / (8 * (1 - Math.Pow(0.75, 8))), 1e-3);
    }

    [Fact]
    public void Shared_experts_are_always_read()
    {
        PhaseEstimate decode = _model.Decode(Sample.Request(Sample.DeepSeek, output: 2) with { Parallelism = new(Tensor: 8) });
        OperatorRow shared = decode.One("shared_gate_up_projection");
        Assert.Equal(58, shared.Count);
        Assert.Equal(7168d * 2 * 256 * 2, shared.WeightBytes, 1e-3);
        Assert.Equal(3, decode.Named("gate_up_projection").Single().Count);
    }

    [Fact]
    public void Latent_attention_reads_576_elements_a_token_and_absorbs_the_projections_in_decode()
    {
        PhaseEstimate decode = _model.Decode(Sample.Request(Sample.DeepSeek, output: 2, input: 99));
        Assert.Equal(100d * 576 * 2 * 61, decode.Total(row => row.KvReadBytes), 1e-3);
        Assert.Equal(576d * 2 * 61, decode.Total(row => row.KvWriteBytes), 1e-6);

        // 128 heads: scores against 576 wide latents, values 512 wide, 100 pairs.
        Assert.Equal(100d * 2 * 128 * (576 + 512), decode.Named("attention_decode").First().Flops, 1e-3);
        Assert.Equal(2d * 128 * 128 * 512, decode.Named("absorb_keys").First().Flops, 1e-3);
        Assert.Empty(decode.Named("expand_latent"));
    }

    [Fact]
    public void Latent_attention_expands_the_latent_in_prefill()
    {
        PhaseEstimate prefill = _model.Prefill(Sample.Request(Sample.DeepSeek, input: 100));
        Assert.Equal(5050d * 2 * 128 * (192 + 128), prefill.Named("attention_prefill").First().Flops, 1e-3);
        Assert.Equal(100d * 2 * 512 * 128 * (128 + 128), prefill.Named("expand_latent").First().Flops, 1e-3);
        Assert.Empty(prefill.Named("absorb_keys"));
    }

    [Fact]
    public void The_latent_cache_is_replicated_over_tensor_ranks()
    {
        EstimateRequest request = Sample.Request(Sample.DeepSeek, output: 2);
        Assert.Equal(576d * 2 * 61, _model.Estimate(request).Memory!.KvBytesPerToken, 1e-6);
        Assert.Equal(576d * 2 * 61, _model.Estimate(request with { Parallelism = new(Tensor: 8) }).Memory!.KvBytesPerToken, 1e-6);
    }

    [Fact]
    public void Sparse_attention_caps_the_tokens_read_and_pays_for_the_index()
    {
        LatentAttentionMixer sparse = Sample.Latent with { IndexTopK = 2048, IndexHeads = 64, IndexHeadDim = 128 };
        ModelArchitecture model = Sample.Model("sparse", 7168, 1000, Sample.Layer(sparse, null));
        PhaseEstimate decode = _model.Decode(Sample.Request(model, output: 2, input: 9999));
        Assert.Equal(2048d * 576 * 2, decode.One("attention_decode").KvReadBytes, 1e-6);
        // 128 keys of a byte and their scale of four, whatever the format of the latent.
        Assert.Equal(10000d * 132, decode.One("index_scores_decode").KvReadBytes, 1e-6);
        Assert.Equal((576d * 2) + 132, _model.Estimate(Sample.Request(model, output: 2)).Memory!.KvBytesPerToken, 1e-6);
        Assert.Equal(10000d * 2 * 64 * 128, decode.One("index_scores_decode").Flops, 1e-3);
    }

    [Fact]
    public void Compressed_attention_reads_a_window_and_one_pooled_vector_per_stretch()
    {
        CompressedAttentionMixer mixer = new()
        {
            Heads = 16,
            HeadDim = 512,
            RopeHeadDim = 64,
            QueryRank = 256,
            OutputRank = 128,
            OutputGroups = 4,
            WindowTokens = 128,
            CompressionRatio = 4,
            IndexTopK = 512,
            IndexHeads = 8,
            IndexHeadDim = 128,
        };
        ModelArchitecture model = Sample.Model("compressed", 1024, 1000, Sample.Layer(mixer, null));
        PhaseEstimate decode = _model.Decode(Sample.Request(model, output: 2, input: 9999));
        Assert.Equal(128d * 512 * 2, decode.One("attention_decode").KvReadBytes, 1e-6);
        Assert.Equal(512d * 512 * 2, decode.One("attention_compressed_decode").KvReadBytes, 1e-6); // 2500 pooled vectors, 512 chosen.
        Assert.Equal(2500d * 128 * 2, decode.One("index_scores_decode").KvReadBytes, 1e-6);
        Assert.Equal(128d * 4 * 16 * 512, decode.One("attention_decode").Flops, 1e-6);

        // Held: whole vectors of 512, of 128 tokens and a step of 512 rounded up to 768, and a quarter of 10000 vectors of 512 + 128.
        Assert.Equal(
            ((768d * 512) + (2500 * 640)) * 2, _model.Estimate(Sample.Request(model, output: 2, input: 9999)).Memory!.KvCacheBytes, 1e-3);
    }

    [Fact]
    public void Recurrent_mixers_pass_their_state_through_memory_once_a_sequence()
    {
        GatedDeltaMixer delta = new() { KeyHeads = 16, ValueHeads = 32, KeyHeadDim = 128, ValueHeadDim = 128, ConvolutionTaps = 4 };
        MambaMixer mamba = new() { Heads = 64, HeadDim = 64, StateSize = 128, Groups = 8, ConvolutionTaps = 4 };
        ModelArchitecture model = Sample.Model("recurrent", 2048, 1000, Sample.Layer(delta, null), Sample.Layer(mamba, null));
        PhaseEstimate decode = _model.Decode(Sample.Request(model, batch: 3, input: 5000, output: 2));

        // 32 heads of 128 x 128 floats; 64 heads of 64 x 128 floats; three sequences, whatever the context.
        Assert.Equal(3d * 32 * 128 * 128 * 4, decode.One("delta_rule").KvReadBytes, 1e-6);
        Assert.Equal(3d * 64 * 64 * 128 * 4, decode.One("state_space_scan").KvWriteBytes, 1e-6);
        Assert.Equal(3d * 7 * 32 * 128 * 128, decode.One("delta_rule").Flops, 1e-6);
        Assert.Equal(3d * 5 * 64 * 64 * 128, decode.One("state_space_scan").Flops, 1e-6);
        Assert.Equal(0, _model.Estimate(Sample.Request(model)).Memory!.KvBytesPerToken);

        // Convolution channels: 2 x 16 x 128 + 32 x 128 = 8192 and 4096 + 2 x 8 x 128 = 6144, three past inputs each.
        Assert.Equal([3d * 8192 * 3 * 2, 3d * 6144 * 3 * 2], decode.Named("causal_convolution").Select(row => row.KvReadBytes));
    }
}
