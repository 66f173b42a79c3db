namespace Inferometer.ReferenceModels;

/// <summary>Families after GPT: layer norms, biases, plain networks, blocks side by side.</summary>
internal static class ClassicFamilySpecs
{
    private static readonly FamilySpec NeoX = new("gpt_neox")
    {
        KvHeads = FamilySpec.Heads,
        Embedding = "gpt_neox.embed_in",
        FinalNorm = "gpt_neox.final_layer_norm",
        Head = "embed_out",
        LayerPrefix = "gpt_neox.layers.",
        Norm = "ln",
        IsParallel = true,
        Qkv = "grouped",
        Attention = "attention.",
        FusedQkv = "query_key_value",
        Output = "dense",
        QkvBias = true,
        OutputBias = true,
        Rotated = 4,
        Activation = "gelu",
        Network = (null, "dense_h_to_4h", "dense_4h_to_h"),
        FeedForwardBias = true,
        Config = new()
        {
            ["rotary_pct"] = 0.25,
            ["hidden_act"] = "gelu",
            ["layer_norm_eps"] = 1e-5,
            ["use_parallel_residual"] = true,
            ["tie_word_embeddings"] = false,
        },
    };

    private static readonly FamilySpec Falcon = new("falcon")
    {
        KvHeads = 1,
        Embedding = "transformer.word_embeddings",
        FinalNorm = "transformer.ln_f",
        Head = null,
        LayerPrefix = "transformer.h.",
        Norm = "ln",
        IsParallel = true,
        BeforeFeedForward = null,
        Qkv = "grouped",
        Attention = "self_attention.",
        FusedQkv = "query_key_value",
        Output = "dense",
        Activation = "gelu",
        Network = (null, "dense_h_to_4h", "dense_4h_to_h"),
        Config = new()
        {
            ["multi_query"] = true,
            ["new_decoder_architecture"] = false,
            ["parallel_attn"] = true,
            ["bias"] = false,
            ["alibi"] = false,
            ["ffn_hidden_size"] = FamilySpec.Inner,
            ["layer_norm_epsilon"] = 1e-5,
            ["num_kv_heads"] = FamilySpec.Heads,
            ["tie_word_embeddings"] = true,
            ["hidden_act"] = null,
            ["activation"] = "gelu",
        },
    };

    public static IReadOnlyDictionary<string, FamilySpec> All { get; } = new Dictionary<string, FamilySpec>(StringComparer.Ordinal)
    {
        ["phi"] = new("phi")
        {
            FinalNorm = "model.final_layernorm",
            HeadBias = true,
            Norm = "ln",
            IsParallel = true,
            BeforeFeedForward = null,
            Output = "dense",
            QkvBias = true,
            OutputBias = true,
            Rotated = 8,
            Activation = "gelu_tanh",
            Network = (null, "fc1", "fc2"),
            FeedForwardBias = true,
            Config = new() { ["hidden_act"] = "gelu_new", ["layer_norm_eps"] = 1e-5, ["partial_rotary_factor"] = 0.5 },
        },
        ["gpt2"] = new("gpt2")
        {
            KvHeads = FamilySpec.Heads,
            Embedding = "transformer.wte",
            Positions = "transformer.wpe",
            FinalNorm = "transformer.ln_f",
            Head = null,
            LayerPrefix = "transformer.h.",
            Norm = "ln",
            BeforeAttention = "ln_1",
            BeforeFeedForward = "ln_2",
            Qkv = "conv1d",
            Attention = "attn.",
            FusedQkv = "c_attn",
            Output = "c_proj",
            QkvBias = true,
            OutputBias = true,
            HasRope = _ => false,
            Activation = "gelu_tanh",
            Network = (null, "c_fc", "c_proj"),
            FeedForwardBias = true,
            IsTransposed = true,
            Config = new()
            {
                ["n_embd"] = FamilySpec.Hidden,
                ["n_layer"] = FamilySpec.Layers,
                ["n_head"] = FamilySpec.Heads,
                ["n_positions"] = 256,
                ["n_inner"] = FamilySpec.Inner,
                ["layer_norm_epsilon"] = 1e-5,
                ["activation_function"] = "gelu_new",
                ["hidden_size"] = null,
                ["num_hidden_layers"] = null,
                ["num_attention_heads"] = null,
                ["num_key_value_heads"] = null,
                ["intermediate_size"] = null,
                ["max_position_embeddings"] = null,
                ["hidden_act"] = null,
                ["tie_word_embeddings"] = null,
                ["head_dim"] = null,
                ["rms_norm_eps"] = null,
            },
        },
        ["gpt_neox"] = NeoX,
        ["gpt_neox in sequence"] = NeoX with
        {
            IsParallel = false,
            Config = FamilyParts.With(NeoX.Config, new() { ["use_parallel_residual"] = false }),
        },
        ["gptj"] = new("gptj")
        {
            KvHeads = FamilySpec.Heads,
            Embedding = "transformer.wte",
            FinalNorm = "transformer.ln_f",
            HeadBias = true,
            LayerPrefix = "transformer.h.",
            Norm = "ln",
            BeforeAttention = "ln_1",
            IsParallel = true,
            BeforeFeedForward = null,
            Attention = "attn.",
            Output = "out_proj",
            NeighboursRotate = true,
            Rotated = 8,
            Activation = "gelu_tanh",
            Network = (null, "fc_in", "fc_out"),
            FeedForwardBias = true,
            Config = new()
            {
                ["rotary_dim"] = 8,
                ["n_inner"] = FamilySpec.Inner,
                ["activation_function"] = "gelu_new",
                ["layer_norm_epsilon"] = 1e-5,
                ["hidden_act"] = null,
            },
        },
        ["falcon 7b"] = Falcon,
        ["falcon 40b"] = Falcon with
        {
            KvHeads = 2,
            BeforeAttention = "ln_attn",
            BeforeFeedForward = "ln_mlp",
            Config = FamilyParts.With(Falcon.Config, new() { ["new_decoder_architecture"] = true, ["num_kv_heads"] = 2 }),
        },
    };
}
