using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.Tests;

namespace Inferometer.Core.Tests.Gguf;

public sealed class GgufArchitectureReaderTests
{
    [Theory]
    [InlineData("models/tales-5m/tales-5m-f16.gguf", "models/tales-5m")]
    [InlineData("models/tales-5m/tales-5m-q8_0.gguf", "models/tales-5m")]
    [InlineData("models/stories260k/stories260k-f32.gguf", "models/stories260k")]
    public void A_converted_model_has_the_architecture_of_its_origin(string gguf, string folder)
    {
        GgufHeader header = GgufHeader.Read(SharedFolder.Require(gguf));
        ModelArchitecture model = GgufArchitectureReader.Read(header);
        ModelArchitecture origin = HuggingFaceConfigReader.Read(SharedFolder.Require(folder));

        Assert.Equal(ParameterCount.Of(origin), ParameterCount.Of(model));
        Assert.Equal(header.Tensors.Sum(t => t.ElementCount), ParameterCount.Of(model).Total);
        Assert.Equal(
            (origin.HiddenSize, origin.MaxContextTokens, origin.TiedEmbeddings),
            (model.HiddenSize, model.MaxContextTokens, model.TiedEmbeddings));
        Assert.Equal(origin.NormEpsilon, model.NormEpsilon, 1e-9);
    }

    private static GgufBytes Common(string arch, uint layers = 1) => new GgufBytes()
        .Text("general.architecture", arch)
        .UInt32(arch + ".embedding_length", 8).UInt32(arch + ".context_length", 64).UInt32(arch + ".block_count", layers)
        .UInt32(arch + ".attention.head_count", 2)
        .F32("token_embd.weight", 8, 10).F32("output_norm.weight", 8);

    private static ModelArchitecture Read(GgufBytes bytes) =>
        GgufArchitectureReader.Read(GgufHeader.Read(new MemoryStream(bytes.Build()), "test.gguf"));

    [Fact]
    public void Experts_shared_experts_and_biases_come_from_the_tensors()
    {
        GgufBytes bytes = Common("qwen2moe")
            .UInt32("qwen2moe.attention.head_count_kv", 1).UInt32("qwen2moe.expert_count", 4).UInt32("qwen2moe.expert_used_count", 2)
            .UInt32("qwen2moe.expert_feed_forward_length", 6)
            .F32("blk.0.attn_norm.weight", 8).F32("blk.0.ffn_norm.weight", 8)
            .F32("blk.0.attn_q.weight", 8, 8).F32("blk.0.attn_k.weight", 8, 4).F32("blk.0.attn_v.weight", 8, 4)
                .F32("blk.0.attn_output.weight", 8, 8)
            .F32("blk.0.attn_q.bias", 8).F32("blk.0.attn_k.bias", 4).F32("blk.0.attn_v.bias", 4)
            .F32("blk.0.ffn_gate_inp.weight", 8, 4).F32("blk.0.ffn_gate_inp_shexp.weight", 8)
            .F32("blk.0.ffn_gate_exps.weight", 8, 6, 4).F32("blk.0.ffn_up_exps.weight", 8, 6, 4).F32("blk.0.ffn_down_exps.weight", 6, 8, 4)
            .F32("blk.0.ffn_gate_shexp.weight", 8, 5).F32("blk.0.ffn_up_shexp.weight", 8, 5).F32("blk.0.ffn_down_shexp.weight", 5, 8);
        ModelArchitecture model = Read(bytes);
        var moe = Assert.IsType<MoeFeedForward>(model.Layers[0].FeedForward);
        Assert.Equal(
            (4, 2, 6, 5, true), (moe.Experts, moe.ExpertsPerToken, moe.ExpertIntermediateSize, moe.SharedIntermediateSize, moe.SharedGate));
        long stored = GgufHeader.Read(new MemoryStream(bytes.Build()), "test.gguf").Tensors.Sum(t => t.ElementCount);
        Assert.Equal(stored, ParameterCount.Of(model).Total);
    }

    [Fact]
    public void Layers_of_multi_token_prediction_are_not_among_those_that_run()
    {
        GgufBytes bytes = Common("llama", layers: 3).UInt32("llama.nextn_predict_layers", 1).UInt32("llama.feed_forward_length", 12);
        for (int i = 0; i < 3; i++)
        {
            string block = $"blk.{i}.";
            bytes.F32(block + "attn_norm.weight", 8).F32(block + "ffn_norm.weight", 8)
                .F32(block + "attn_q.weight", 8, 8).F32(block + "attn_k.weight", 8, 8).F32(block + "attn_v.weight", 8, 8)
                .F32(block + "attn_output.weight", 8, 8)
                .F32(block + "ffn_gate.weight", 8, 12).F32(block + "ffn_up.weight", 8, 12).F32(block + "ffn_down.weight", 12, 8);
        }

        bytes.F32("blk.2.nextn.eh_proj.weight", 16, 8).F32("blk.2.nextn.enorm.weight", 8).F32("blk.2.nextn.hnorm.weight", 8)
            .F32("blk.2.nextn.shared_head_norm.weight", 8);
        ModelArchitecture model = Read(bytes);
        GgufHeader header = GgufHeader.Read(new MemoryStream(bytes.Build()), "test.gguf");

        Assert.Equal((2, 1), (model.LayerCount, model.PredictionHeads!.Count));
        long heads = header.Tensors.Where(t => t.Name.StartsWith("blk.2.", StringComparison.Ordinal)).Sum(t => t.ElementCount);
        Assert.Equal(heads, model.PredictionHeads.Parameters(model));
        Assert.Equal(header.Tensors.Sum(t => t.ElementCount) - heads, ParameterCount.Of(model).Total);
        Assert.Equal(4.0 * ParameterCount.Of(model).Total, ResolvedWeights.Of(model, model.PublishedWeights!).TotalBytes);
    }

    [Fact]
    public void Fused_projections_of_phi3_are_understood()
    {
        GgufBytes bytes = Common("phi3").UInt32("phi3.feed_forward_length", 12)
            .F32("blk.0.attn_norm.weight", 8).F32("blk.0.ffn_norm.weight", 8)
            .F32("blk.0.attn_qkv.weight", 8, 24).F32("blk.0.attn_output.weight", 8, 8)
            .F32("blk.0.ffn_up.weight", 8, 24).F32("blk.0.ffn_down.weight", 12, 8);
        ModelArchitecture model = Read(bytes);
        Assert.True(Assert.IsType<DenseFeedForward>(model.Layers[0].FeedForward).Gated);
        long stored = GgufHeader.Read(new MemoryStream(bytes.Build()), "test.gguf").Tensors.Sum(t => t.ElementCount);
        Assert.Equal(stored, ParameterCount.Of(model).Total);
    }

    [Fact]
    public void Faults_are_one_clear_error()
    {
        Assert.Contains("'mamba'", Error(Common("mamba")), StringComparison.Ordinal);
        Assert.Contains("'blk.0.attn_q.weight' is missing", Error(Common("llama")), StringComparison.Ordinal);
        Assert.Contains(
            "'blk.0.attn_q.weight' has 6 outputs", Error(Common("llama").F32("blk.0.attn_q.weight", 8, 6)), StringComparison.Ordinal);
        Assert.Contains("'llama.block_count'", Error(Common("llama", layers: 4_000_000_000)), StringComparison.Ordinal);
        Assert.Contains("'general.architecture'", Error(new GgufBytes().UInt32("x", 1)), StringComparison.Ordinal);

        static string Error(GgufBytes bytes) => Assert.Throws<InferometerException>(() => Read(bytes)).Message;
    }
}
