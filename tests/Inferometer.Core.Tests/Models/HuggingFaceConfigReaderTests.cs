using Inferometer.Core.Catalog;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;

namespace Inferometer.Core.Tests.Models;

public sealed class HuggingFaceConfigReaderTests
{
    private const string Usual =
        "\"hidden_size\":64,\"intermediate_size\":128,\"num_hidden_layers\":4,\"num_attention_heads\":4,"
        + "\"num_key_value_heads\":2,\"vocab_size\":100,\"max_position_embeddings\":4096";

    private static ModelArchitecture Parse(string modelType, string extra = "") =>
        HuggingFaceConfigReader.Parse($$"""{"model_type":"{{modelType}}",{{Usual}}{{(extra.Length > 0 ? "," + extra : "")}}}""", "config.json");

    private static AttentionMixer Attention(ModelArchitecture model, int layer = 0) =>
        Assert.IsType<AttentionMixer>(model.Layers[layer].Mixer);

    [Fact]
    public void An_unknown_family_with_the_usual_fields_loads_and_says_so()
    {
        ModelArchitecture model = Parse("brand_new");
        Assert.False(model.IsKnownFamily);
        Assert.Equal((4, 2, 16), (Attention(model).Heads, Attention(model).KvHeads, Attention(model).HeadDim));
        Assert.Equal(128, Assert.IsType<DenseFeedForward>(model.Layers[0].FeedForward).IntermediateSize);
        Assert.True(Parse("llama").IsKnownFamily);
    }

    [Fact]
    public void The_text_part_of_a_multimodal_configuration_is_read()
    {
        ModelArchitecture model = HuggingFaceConfigReader.Parse(
            $$"""{"model_type":"gemma3","vision_config":{"hidden_size":1},"text_config":{"model_type":"gemma3_text",{{Usual}}} }""", "config.json");
        Assert.Equal("gemma3_text", model.ModelType);
        Assert.Equal(64, model.HiddenSize);
        Assert.True(model.TiedEmbeddings);
    }

    [Theory]
    [InlineData("""{"model_type":"llama"}""", "'hidden_size' is missing")]
    [InlineData("""{"hidden_size":8}""", "'model_type' is missing")]
    [InlineData("""{"model_type":5}""", "'model_type' is 5")]
    [InlineData("""{"model_type":"llama","hidden_size":"wide"}""", "'hidden_size' is \"wide\"")]
    [InlineData("""{"model_type":"llama","hidden_size":-4}""", "'hidden_size' is -4")]
    [InlineData("""{"model_type":"llama","hidden_size":1e30}""", "'hidden_size' is 1e30")]
    [InlineData("""{"model_type":"llama","hidden_size":4.5}""", "'hidden_size' is 4.5")]
    [InlineData("{", "not valid JSON")]
    [InlineData("[1]", "JSON object")]
    public void A_faulty_field_is_named_with_its_file(string json, string fault)
    {
        InferometerException error = Assert.Throws<InferometerException>(() => HuggingFaceConfigReader.Parse(json, "x/config.json"));
        Assert.Contains("x/config.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"num_key_value_heads\":3", "llama", "cannot share 3")]
    [InlineData("\"num_experts\":4,\"num_experts_per_tok\":5,\"moe_intermediate_size\":8", "qwen3_moe", "5 experts per token of 4")]
    [InlineData("\"hidden_act\":\"sine\"", "llama", "'sine'")]
    [InlineData("\"layer_types\":[\"full_attention\"]", "gpt_oss", "'layer_types'")]
    [InlineData("\"sliding_window\":8,\"layer_types\":[\"a\",\"b\",\"c\",\"d\"]", "gemma3_text", "layer_types[0]")]
    [InlineData("\"rope_scaling\":{\"type\":\"warp\",\"factor\":2}", "llama", "rope_scaling.type")]
    [InlineData("\"rope_scaling\":{\"type\":\"linear\"}", "llama", "rope_scaling.factor")]
    [InlineData("\"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1]}", "phi3", "rope_scaling.short_factor")]
    [InlineData(
        "\"q_lora_rank\":32,\"kv_lora_rank\":16,\"qk_nope_head_dim\":16,\"qk_rope_head_dim\":8,\"v_head_dim\":16,"
            + "\"linear_num_key_heads\":2,"
            + "\"linear_num_value_heads\":4,\"linear_key_head_dim\":16,\"linear_value_head_dim\":16,\"linear_conv_kernel_dim\":4,"
            + "\"n_routed_experts\":8,\"num_experts_per_tok\":2,\"moe_intermediate_size\":64,\"first_k_dense_replace\":1",
        "axk2", "layers of another kind than the family's latent attention")]
    [InlineData(
        "\"layer_types\":[\"full_attention\"],\"num_layers_per_stack\":2,\"sliding_window\":32",
        "hrm_text", "one entry for each of the 2 layers")]
    [InlineData("\"hybrid_override_pattern\":\"M*\"", "nemotron_h", "hybrid_override_pattern")]
    [InlineData("\"head_dim\":64000,\"num_hidden_layers\":16000,\"hidden_size\":4000000,\"num_attention_heads\":60000", "llama", "2^63")]
    public void Contradictions_are_refused(string extra, string modelType, string fault) =>
        Assert.Contains(fault, Assert.Throws<InferometerException>(() => Parse(modelType, extra)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_missing_file_is_one_clear_error() =>
        Assert.Contains(
            "nowhere", Assert.Throws<InferometerException>(() => HuggingFaceConfigReader.Read("nowhere")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Rope_scaling_is_read_in_both_spellings()
    {
        const string scaling =
            "\"rope_type\":\"llama3\",\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,"
            + "\"original_max_position_embeddings\":8192";
        RopeParameters older = Attention(Parse("llama", $"\"rope_theta\":500000.0,\"rope_scaling\":{{{scaling}}}")).Rope!;
        RopeParameters newer = Attention(Parse("llama", $"\"rope_parameters\":{{\"rope_theta\":500000.0,{scaling}}}")).Rope!;
        Assert.Equal(older, newer);
        Assert.Equal((500000.0, RopeScaling.Llama3, 8.0, 8192), (older.Theta, older.Scaling, older.Factor, older.OriginalContextTokens));
    }

    [Fact]
    public void DeepSeek_scales_scores_by_the_square_of_mscale()
    {
        var mixer = Assert.IsType<LatentAttentionMixer>(ModelCatalog.BuiltIn.Resolve("deepseek-v3").Layers[0].Mixer);
        double mscale = (0.1 * Math.Log(40)) + 1;
        Assert.Equal(mscale * mscale / Math.Sqrt(192), mixer.ScoreScale, 1e-12);
        Assert.Equal(1, mixer.Rope!.AttentionFactor);
        Assert.Equal(512 + 64, mixer.KvRank + mixer.RopeHeadDim);
    }

    [Fact]
    public void Windows_follow_each_familys_rule()
    {
        Assert.Equal(4096, Attention(ModelCatalog.BuiltIn.Resolve("Mistral-7B-v0.1")).WindowTokens);
        Assert.Equal(0, Attention(ModelCatalog.BuiltIn.Resolve("Qwen2.5-7B")).WindowTokens);
        ModelArchitecture gemma2 = ModelCatalog.BuiltIn.Resolve("gemma-2-9b");
        Assert.Equal((4096, 0), (Attention(gemma2).WindowTokens, Attention(gemma2, 1).WindowTokens));
        ModelArchitecture gemma3 = ModelCatalog.BuiltIn.Resolve("gemma-3-12b-it");
        Assert.Equal([0, 1, 2, 3, 4], Enumerable.Range(0, 6).Where(i => Attention(gemma3, i).WindowTokens == 1024));
        Assert.Equal((1e4, 1e6), (Attention(gemma3).Rope!.Theta, Attention(gemma3, 5).Rope!.Theta));
        Assert.Equal((RopeScaling.None, RopeScaling.Linear), (Attention(gemma3).Rope!.Scaling, Attention(gemma3, 5).Rope!.Scaling));
        ModelArchitecture oss = ModelCatalog.BuiltIn.Resolve("gpt-oss-20b");
        Assert.Equal((128, 0), (Attention(oss).WindowTokens, Attention(oss, 1).WindowTokens));
        Assert.True(Attention(oss).AttentionSink && Attention(oss).OutputBias);
    }

    [Fact]
    public void Gemma_scales_embedding_and_scores_and_caps_logits()
    {
        ModelArchitecture model = ModelCatalog.BuiltIn.Resolve("gemma-2-27b");
        Assert.Equal(Math.Sqrt(4608), model.EmbeddingScale);
        Assert.Equal((50, 30), (Attention(model).ScoreSoftcap, model.FinalLogitSoftcap));
        Assert.Equal(1 / Math.Sqrt(144), Attention(model).ScoreScale);
        Assert.Equal(NormKind.RmsNormPlusOne, model.Norm);
    }

    [Fact]
    public void Hybrid_models_give_every_layer_its_kind()
    {
        ModelArchitecture next = ModelCatalog.BuiltIn.Resolve("Qwen3-Next-80B-A3B-Instruct");
        Assert.Equal(36, next.Layers.Count(l => l.Mixer is GatedDeltaMixer));
        Assert.True(Attention(next, 3).OutputGate);
        Assert.Equal(64, Attention(next, 3).Rope!.RotaryDim);

        ModelArchitecture nemotron = ModelCatalog.BuiltIn.Resolve("Nemotron-H-56B-Base-8K");
        Assert.Equal(
            (54, 10, 54),
            (nemotron.Layers.Count(l => l.Mixer is MambaMixer), nemotron.Layers.Count(l => l.Mixer is AttentionMixer),
            nemotron.Layers.Count(l => l.Mixer is null)));
        Assert.Null(Attention(nemotron, nemotron.Layers.ToList().FindIndex(l => l.Mixer is AttentionMixer)).Rope);

        ModelArchitecture mimo = ModelCatalog.BuiltIn.Resolve("MiMo-V2-Flash");
        Assert.Equal((4, 0, false), (Attention(mimo).KvHeads, Attention(mimo).WindowTokens, Attention(mimo).AttentionSink));
        Assert.Equal((8, 128, true), (Attention(mimo, 1).KvHeads, Attention(mimo, 1).WindowTokens, Attention(mimo, 1).AttentionSink));
        Assert.IsType<DenseFeedForward>(mimo.Layers[0].FeedForward);

        ModelArchitecture gemma4 = ModelCatalog.BuiltIn.Resolve("gemma-4-26B-A4B");
        Assert.Equal((512, 2, true), (Attention(gemma4, 5).HeadDim, Attention(gemma4, 5).KvHeads, Attention(gemma4, 5).ValuesAreKeys));
        Assert.Equal((256, 8, false), (Attention(gemma4).HeadDim, Attention(gemma4).KvHeads, Attention(gemma4).ValuesAreKeys));

        ModelArchitecture maverick = ModelCatalog.BuiltIn.Resolve("Llama-4-Maverick-17B-128E");
        Assert.Equal(24, maverick.Layers.Count(l => l.FeedForward is MoeFeedForward));
        Assert.Equal((8192, 0), (Attention(maverick).ChunkTokens, Attention(maverick, 3).ChunkTokens));
        Assert.Null(Attention(maverick, 3).Rope);

        var v4 = Assert.IsType<CompressedAttentionMixer>(ModelCatalog.BuiltIn.Resolve("DeepSeek-V4-Flash").Layers[2].Mixer);
        Assert.Equal((4, 512), (v4.CompressionRatio, v4.IndexTopK));
    }

    [Fact]
    public void Equal_layers_are_the_same_object()
    {
        ModelArchitecture model = ModelCatalog.BuiltIn.Resolve("deepseek-v3");
        Assert.Equal(2, model.Layers.Distinct(ReferenceEqualityComparer.Instance).Count());
    }
}
