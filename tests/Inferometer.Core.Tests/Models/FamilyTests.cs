using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;

namespace Inferometer.Core.Tests.Models;

/// <summary>Families whose classes' counts were published, from the class's defaults; and what the reader says of doubtful files.</summary>
public sealed class FamilyTests
{
    private static ModelArchitecture Parse(string json) => HuggingFaceConfigReader.Parse(json, "config.json");

    // A part of a larger file may leave out everything: it is the class's default model.
    private static ModelArchitecture Default(string modelType) =>
        Parse($$"""{"model_type":"{{modelType}}","text_config":{"model_type":"{{modelType}}"} }""");

    // Counts their makers or the model pages give for checkpoints that have the class's default sizes.
    [Theory]
    [InlineData("gptj", 6050882784)]
    [InlineData("gpt2", 124439808)]
    [InlineData("openai-gpt", 116534784)]
    [InlineData("opt", 125239296)]
    [InlineData("gpt_neo", 1315575808)]
    [InlineData("phi", 1418270720)]
    [InlineData("starcoder2", 3030371328)]
    [InlineData("mixtral", 46702792704)]
    [InlineData("jamba", 51570323328)]
    [InlineData("qwen3_next", 79674391296)]
    [InlineData("gemma2", 2614341888)]
    [InlineData("longcat_flash", 560664973312)]
    [InlineData("xlstm", 6865424896)]
    public void The_classs_default_model_has_the_published_count(string modelType, long published) =>
        Assert.InRange(ParameterCount.Of(Default(modelType)).Total, published - (published / 10000), published + (published / 10000));

    [Fact]
    public void Recurrences_have_the_state_their_papers_say()
    {
        RecurrentMixer mamba = Mixer("mamba");
        Assert.Equal(1536L * 16, mamba.StateElements);
        Assert.Equal(1536, mamba.ConvolutionChannels);

        RecurrentMixer lstm = Mixer("xlstm");
        Assert.Equal((8L * 256 * 512) + 2048 + 8, lstm.StateElements);

        RecurrentMixer kimi = Mixer("kimi_linear");
        Assert.Equal(32L * 128 * 128, kimi.StateElements);
        Assert.Equal(7, Default("kimi_linear").Layers.Count(layer => layer.Mixer is LatentAttentionMixer) + 1);

        RecurrentMixer lightning = Assert.IsType<RecurrentMixer>(Default("minimax").Layers[1].Mixer);
        Assert.Equal(32L * 128 * 128, lightning.StateElements);

        static RecurrentMixer Mixer(string type) => Assert.IsType<RecurrentMixer>(Default(type).Layers[0].Mixer);
    }

    [Fact]
    public void Two_mixers_share_a_layer_of_Falcon_H1()
    {
        LayerArchitecture layer = Default("falcon_h1").Layers[0];
        Assert.IsType<AttentionMixer>(layer.Mixer);
        Assert.Equal(1024, Assert.IsType<MambaMixer>(layer.ParallelMixer) is var mamba ? mamba.Heads * mamba.HeadDim : 0);
        Assert.False(mamba.GatedNorm);
    }

    [Fact]
    public void Shared_blocks_of_Zamba_are_counted_once_and_run_many_times()
    {
        ModelArchitecture model = Default("zamba");
        LayerArchitecture[] blocks = [.. model.Layers.Where(layer => layer.Mixer is AttentionMixer)];
        Assert.Equal(12, blocks.Length);
        Assert.Single(blocks, block => !block.ReusesWeights);
        long one = LayerParameters.Mixer(blocks[0].Mixer!, model.HiddenSize);
        long recurrences = model.Layers.Where(layer => layer.Mixer is RecurrentMixer)
            .Sum(layer => LayerParameters.Mixer(layer.Mixer!, model.HiddenSize));
        Assert.Equal(one + recurrences, ParameterCount.Of(model).Attention);
    }

    [Fact]
    public void Layers_that_read_another_layers_cache_have_none_of_their_own()
    {
        ModelArchitecture model = Default("gemma3n_text");
        Assert.Equal(15, model.Layers.Count(layer => layer.Mixer is AttentionMixer { ReusesCache: true }));
        Assert.True(model.Layers[20].Mixer is AttentionMixer { ReusesCache: true });
        Assert.True(model.Layers[19].Mixer is AttentionMixer { ReusesCache: false });
    }

    [Fact]
    public void Layer_kinds_are_read_in_old_and_new_words()
    {
        const string full = "\"full_attention\"", sliding = "\"sliding_attention\"", linear = "\"linear_attention\"";
        const string mamba = ",\"mamba_n_heads\":8,\"mamba_d_state\":16,\"mamba_n_groups\":1";
        const string one = $",\"layer_types\":[{linear},{full},{linear},{linear}]";
        const string two = $",\"layer_types\":[{linear},{full},{linear},{full}]";
        const string halves = $",\"layer_types\":[{sliding},{full},{sliding},{full}]";
        Same("granitemoehybrid", mamba + ",\"layer_types\":[\"mamba\",\"attention\",\"mamba\",\"mamba\"]", mamba + one);
        Same("bamba", mamba + ",\"attn_layer_indices\":[1]", mamba + one);
        Same("lfm2", ",\"full_attn_idxs\":[2]", ",\"layer_types\":[\"conv\",\"conv\",\"full_attention\",\"conv\"]");
        Same("minimax", ",\"attn_type_list\":[0,1,0,1]", two);
        Same("gemma3_text", ",\"sliding_window_pattern\":2,\"head_dim\":16", ",\"head_dim\":16" + halves);
        Same("cohere2", ",\"sliding_window_pattern\":2", halves);

        Same(
            "hunyuan_v1_moe",
            ",\"num_experts\":[4,4,4,4],\"moe_topk\":[2,2,2,2],\"num_shared_expert\":[1,1,1,1]",
            ",\"num_experts\":4,\"moe_topk\":2,\"num_shared_expert\":1");

        const string experts = ",\"num_experts\":4,\"num_experts_per_tok\":2,\"moe_intermediate_size\":32";
        Same("hy_v3", experts, experts + ",\"mlp_layer_types\":[\"dense\",\"sparse\",\"sparse\",\"sparse\"]");
        Same(
            "exaone_moe",
            experts + ",\"first_k_dense_replace\":2",
            experts + ",\"mlp_layer_types\":[\"dense\",\"dense\",\"sparse\",\"sparse\"]");
    }

    private static void Same(string type, string older, string newer) => Assert.Equal(Small(type, older).Layers, Small(type, newer).Layers);

    private static ModelArchitecture Small(string type, string more) => Parse(
        $$"""
        {"model_type":"{{type}}","hidden_size":64,"num_hidden_layers":4,"num_attention_heads":4,"num_key_value_heads":2,"vocab_size":100,
         "intermediate_size":96{{more}}}
        """);

    [Fact]
    public void The_type_of_the_weights_is_read_in_both_spellings()
    {
        ModelArchitecture newer = Small("llama", ",\"dtype\":\"bfloat16\"");
        Assert.Equal("bf16", newer.PublishedPrecision);
        Assert.Equal(newer, Small("llama", ",\"torch_dtype\":\"bfloat16\""));
    }

    [Fact]
    public void A_field_that_is_null_is_not_the_classs_default()
    {
        Assert.Equal(4096, Window("\"hidden_size\":4096"));
        Assert.Equal(0, Window("\"hidden_size\":4096,\"sliding_window\":null"));

        static int Window(string fields) =>
            Assert.IsType<AttentionMixer>(Parse($$"""{"model_type":"mistral",{{fields}}}""").Layers[0].Mixer).WindowTokens;
    }

    [Fact]
    public void An_unknown_family_says_what_it_went_by()
    {
        ModelArchitecture model = Parse(
            """
            {"model_type":"brand_new","hidden_size":64,"intermediate_size":96,"num_hidden_layers":2,"num_attention_heads":4,
             "vocab_size":100}
            """);
        string note = Assert.Single(model.Notes);
        Assert.Contains("'brand_new' is not known", note, StringComparison.Ordinal);
        Assert.Contains("unverified", note, StringComparison.Ordinal);
        Assert.Contains("hidden_size", note, StringComparison.Ordinal);
        Assert.Contains("num_attention_heads", note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"hidden_size\":64,\"n_embd\":32", "'hidden_size' is 64 and 'n_embd' is 32")]
    [InlineData("\"num_hidden_layers\":2,\"n_layer\":3", "'num_hidden_layers' is 2 and 'n_layer' is 3")]
    [InlineData("\"num_experts\":8,\"num_local_experts\":4", "'num_experts' is 8 and 'num_local_experts' is 4")]
    [InlineData(
        "\"rope_theta\":10000.0,\"rope_parameters\":{\"rope_theta\":500000.0,\"rope_type\":\"default\"}",
        "'rope_theta' is 10000 and 'rope_parameters.rope_theta' is 500000")]
    [InlineData("\"hidden_size\":64,\"num_hidden_layers\":2,\"layer_types\":[\"full_attention\"]", "'layer_types'")]
    [InlineData("\"hidden_size\":64,\"num_hidden_layers\":2,\"mlp_layer_types\":[\"dense\"]", "'mlp_layer_types'")]
    public void Fields_that_contradict_each_other_are_refused(string fields, string said)
    {
        foreach (string type in (string[])["llama", "brand_new"])
        {
            string json = $$"""{"model_type":"{{type}}","vocab_size":100,{{fields}}}""";
            InferometerException error = Assert.Throws<InferometerException>(() => Parse(json));
            Assert.Contains(said, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Towers_are_counted_and_named()
    {
        ModelArchitecture model = Parse(
            """
            {"model_type":"gemma3","text_config":{"model_type":"gemma3_text"},
             "vision_config":{"model_type":"siglip_vision_model","hidden_size":768}}
            """);
        SidePart tower = Assert.Single(model.Parts);
        Assert.Equal(("vision tower", SidePartUse.Idle), (tower.Name, tower.Use));
        Assert.Contains(model.Notes, note => note.Contains("idle for text: vision tower", StringComparison.Ordinal));

        ModelArchitecture strange = Parse(
            """{"model_type":"llava","text_config":{"model_type":"llama"},"vision_config":{"model_type":"eye_of_newt"}}""");
        Assert.Empty(strange.Parts);
        string note = Assert.Single(strange.Notes, said => said.Contains("'eye_of_newt'", StringComparison.Ordinal));
        Assert.Contains("missing from the total", note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("got_ocr2", 560528640, """
        "text_config":{"model_type":"qwen2","vocab_size":151860,"hidden_size":1024,"intermediate_size":2816,"num_hidden_layers":24,
         "num_attention_heads":16,"num_key_value_heads":16,"tie_word_embeddings":true},"vision_config":{}
        """)]
    [InlineData("git", 176619066, """
        "hidden_size":768,"vision_config":{"model_type":"git_vision_model"}
        """)]
    public void Models_with_towers_have_the_published_count(string modelType, long published, string fields) =>
        Assert.Equal(published, ParameterCount.Of(Parse($$"""{"model_type":"{{modelType}}",{{fields}} }""")).Total);

    [Fact]
    public void The_parts_of_a_byte_latent_model_are_named()
    {
        ModelArchitecture model = Parse(
            """{"model_type":"blt","vocab_size":260,"decoder_config":{},"encoder_config":{},"global_config":{},"patcher_config":{} }""");

        // Six tables of 500002 rows of 1024; 25 global layers of 2048 with networks of 5632.
        Dictionary<string, long> parts = model.Parts.ToDictionary(part => part.Name, part => part.Parameters, StringComparer.Ordinal);
        Assert.Equal(6L * 500002 * 1024, parts["tables of byte groups"]);
        Assert.Equal(25L * ((4 * 2048 * 2048) + (3 * 2048 * 5632) + (2 * 2048)), parts["global transformer"]);
        Assert.Equal(9, model.LayerCount);
        Assert.Throws<InferometerException>(() => Parse("""{"model_type":"blt","vocab_size":260,"decoder_config":{} }"""));
    }

    // By hand for DeepSeek-V3: 256 experts and a shared one of width 2048, the router with its bias, latent attention of 128 heads, a
    // projection of two hidden states to one, and the norms (two of a layer, two before the projection, one before the LM head).
    [Fact]
    public void Prediction_heads_are_counted_beside_the_network()
    {
        ModelArchitecture model = Parse("""{"model_type":"deepseek_v3","hidden_size":7168,"num_nextn_predict_layers":2}""");
        const long Hidden = 7168;
        long attention = (Hidden * 1536) + 1536 + (1536L * 128 * 192) + (Hidden * 576) + 512 + (512L * 128 * 256) + (128L * 128 * Hidden);
        long experts = (257 * 3 * Hidden * 2048) + (256 * Hidden) + 256;
        long head = attention + experts + (2 * Hidden * Hidden) + (5 * Hidden);
        Assert.Equal(2 * head, model.PredictionHeads!.Parameters(model));
        Assert.Equal(2 * head, ParameterCount.Of(model.PredictionHeads.AsDraft(model)).Total);
        Assert.Equal(ParameterCount.Of(model with { PredictionHeads = null }).Total, ParameterCount.Of(model).Total);
        Assert.Null(Parse("""{"model_type":"deepseek_v3","hidden_size":7168,"num_nextn_predict_layers":0}""").PredictionHeads);
    }
}
