using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>The families, from their published modelling code (Hugging Face transformers).</summary>
public static class FamilySpecs
{
    private static readonly FamilySpec Cohere = new("cohere")
    {
        Norm = "lnw",
        IsParallel = true,
        BeforeFeedForward = null,
        Head = null,
        NeighboursRotate = true,
        LogitScale = 0.25,
        Config = new() { ["logit_scale"] = 0.25, ["layer_norm_eps"] = 1e-5, ["tie_word_embeddings"] = true },
    };

    private static readonly FamilySpec Olmo2 = new("olmo2")
    {
        BeforeAttention = null,
        BehindAttention = "post_attention_layernorm",
        BeforeFeedForward = null,
        BehindFeedForward = "post_feedforward_layernorm",
        QkNorm = "full",
    };

    private static readonly FamilySpec Granite = new("granite")
    {
        EmbeddingScale = 3,
        ResidualScale = 0.4,
        LogitScale = 1 / 2.5,
        ScoreScale = 0.15,
        Config = new()
        {
            ["embedding_multiplier"] = 3.0,
            ["residual_multiplier"] = 0.4,
            ["logits_scaling"] = 2.5,
            ["attention_multiplier"] = 0.15,
        },
    };

    private static readonly FamilySpec GraniteHybrid = Granite with
    {
        ModelType = "granitemoehybrid",
        Mixer = layer => layer == 2 ? "attention" : "mamba",
        HasRope = _ => false,
        FeedForward = "shared_mlp.",
        Network = ("input_linear", "input_linear", "output_linear"),
        Config = With(Granite.Config, Hybrid(0)),
    };

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

    private static readonly FamilySpec Lfm2 = new("lfm2")
    {
        FinalNorm = "model.embedding_norm",
        Head = null,
        BeforeAttention = "operator_norm",
        BeforeFeedForward = "ffn_norm",
        Mixer = layer => layer == 2 ? "attention" : "convolution",
        Output = "out_proj",
        QkNorm = "head",
        QkNormNames = ("q_layernorm", "k_layernorm"),
        FeedForward = "feed_forward.",
        Network = ("w1", "w3", "w2"),
        Config = new()
        {
            ["layer_types"] = new JsonArray("conv", "conv", "full_attention", "conv"),
            ["conv_L_cache"] = FamilySpec.Taps,
            ["block_auto_adjust_ff_dim"] = false,
            ["norm_eps"] = 1e-5,
            ["conv_bias"] = false,
            ["tie_word_embeddings"] = true,
        },
    };

    private static readonly FamilySpec Glm = new("glm")
    {
        NeighboursRotate = true,
        Rotated = 8,
        QkvBias = true,
        Network = ("gate_up_proj", "gate_up_proj", "down_proj"),
        Config = new() { ["attention_bias"] = true, ["partial_rotary_factor"] = 0.5 },
    };

    private static readonly ExpertSpec Sigmoid = new("mlp.gate")
    {
        UsesSigmoid = true,
        Correction = "mlp.gate.e_score_correction_bias",
        Shared = "mlp.shared_experts.",
        Scale = 1.5,
        SharedInner = FamilySpec.ExpertInner,
    };

    private static readonly JsonObject SigmoidConfig = new()
    {
        ["n_routed_experts"] = FamilySpec.Experts,
        ["num_experts_per_tok"] = 2,
        ["moe_intermediate_size"] = FamilySpec.ExpertInner,
        ["n_shared_experts"] = 1,
        ["first_k_dense_replace"] = 1,
        ["norm_topk_prob"] = true,
        ["routed_scaling_factor"] = 1.5,
        ["n_group"] = 3,
        ["topk_group"] = 2,
    };

    private static readonly FamilySpec DeepSeek = new("deepseek_v3")
    {
        Mixer = _ => "latent",
        QueryRank = 20,
        NeighboursRotate = true,
        Rotated = FamilySpec.RopeDim,
        ScoreScale = 1 / Math.Sqrt(FamilySpec.NopeDim + FamilySpec.RopeDim),
        HasExperts = layer => layer > 0,
        Mixture = Sigmoid with { Groups = 3, GroupsUsed = 2 },
        Config = With(SigmoidConfig, new()
        {
            ["q_lora_rank"] = 20,
            ["kv_lora_rank"] = FamilySpec.LatentRank,
            ["qk_nope_head_dim"] = FamilySpec.NopeDim,
            ["qk_rope_head_dim"] = FamilySpec.RopeDim,
            ["v_head_dim"] = FamilySpec.ValueDim,
            ["head_dim"] = FamilySpec.RopeDim,
            ["num_key_value_heads"] = FamilySpec.Heads,
        }),
    };

    /// <summary>All of them by the name that tests show.</summary>
    public static IReadOnlyDictionary<string, FamilySpec> All { get; } = new Dictionary<string, FamilySpec>(StringComparer.Ordinal)
    {
        ["olmo2"] = Olmo2,
        ["olmo3"] = Olmo2 with
        {
            ModelType = "olmo3",
            Window = layer => layer % 4 == 3 ? int.MaxValue : 7,
            Scaling = layer => layer % 4 == 3 ? (_ => 0.5, 1) : null,
            Config = new()
            {
                ["sliding_window"] = 7,
                ["layer_types"] = new JsonArray("sliding_attention", "sliding_attention", "sliding_attention", "full_attention"),
                ["rope_scaling"] = new JsonObject { ["rope_type"] = "linear", ["factor"] = 2.0 },
            },
        },
        ["olmo"] = new("olmo")
        {
            Norm = "plain",
            Clip = 1.2,
            Config = new() { ["clip_qkv"] = 1.2 },
        },
        ["olmoe"] = new("olmoe")
        {
            QkNorm = "full",
            HasExperts = _ => true,
            Mixture = new("mlp.gate") { Normalises = false, Inner = FamilySpec.Inner },
            Config = new() { ["num_experts"] = FamilySpec.Experts, ["num_experts_per_tok"] = 2, ["norm_topk_prob"] = false },
        },
        ["granite"] = Granite,
        ["granitemoe"] = Granite with
        {
            ModelType = "granitemoe",
            HasExperts = _ => true,
            Mixture = new("block_sparse_moe.router.layer") { Layout = "granite", Inner = FamilySpec.Inner },
            Config = With(Granite.Config, new() { ["num_local_experts"] = FamilySpec.Experts, ["num_experts_per_tok"] = 2 }),
        },
        ["cohere"] = Cohere,
        ["cohere with norms on heads"] = Cohere with
        {
            QkNorm = "each",
            Config = With(Cohere.Config, new() { ["use_qk_norm"] = true }),
        },
        ["cohere2"] = Cohere with
        {
            ModelType = "cohere2",
            Window = layer => layer % 4 == 3 ? int.MaxValue : 6,
            HasRope = layer => layer % 4 != 3,
            Config = With(Cohere.Config, new()
            {
                ["sliding_window"] = 6,
                ["layer_types"] = new JsonArray("sliding_attention", "sliding_attention", "sliding_attention", "full_attention"),
            }),
        },
        ["glm"] = Glm,
        ["glm4"] = Glm with
        {
            ModelType = "glm4",
            BehindAttention = "post_self_attn_layernorm",
            BehindFeedForward = "post_mlp_layernorm",
        },
        ["glm4_moe"] = new("glm4_moe")
        {
            Rotated = 8,
            QkvBias = true,
            QkNorm = "head",
            HasExperts = layer => layer > 0,
            Mixture = Sigmoid with { Groups = 3, GroupsUsed = 2 },
            Config = With(SigmoidConfig, new() { ["attention_bias"] = true, ["partial_rotary_factor"] = 0.5, ["use_qk_norm"] = true }),
        },
        ["dots1"] = new("dots1")
        {
            QkNorm = "head",
            Theta = 50000,
            HasExperts = layer => layer > 0,
            Mixture = Sigmoid with { Groups = 3, GroupsUsed = 2 },
            Config = With(SigmoidConfig, new() { ["sliding_window"] = null, ["rope_theta"] = 50000.0 }),
        },
        ["minimax_m2"] = new("minimax_m2")
        {
            QkNorm = "full",
            Rotated = 8,
            HasExperts = _ => true,
            Mixture = new("block_sparse_moe.gate")
            {
                UsesSigmoid = true,
                Correction = "block_sparse_moe.e_score_correction_bias",
                Experts = "block_sparse_moe.experts.",
                Names = ("w1", "w3", "w2"),
                Inner = FamilySpec.Inner,
            },
            Config = new() { ["num_local_experts"] = FamilySpec.Experts, ["num_experts_per_tok"] = 2, ["rotary_dim"] = 8 },
        },
        ["ernie4_5"] = new("ernie4_5")
        {
            NeighboursRotate = true,
            Head = null,
            Config = new() { ["use_bias"] = false, ["tie_word_embeddings"] = true },
        },
        ["ernie4_5_moe"] = new("ernie4_5_moe")
        {
            NeighboursRotate = true,
            Head = null,
            HasExperts = layer => layer > 0,
            Mixture = new("mlp.gate")
            {
                Correction = "mlp.moe_statics.e_score_correction_bias",
                Shared = "mlp.shared_experts.",
                SharedInner = 2 * FamilySpec.ExpertInner,
            },
            Config = new()
            {
                ["use_bias"] = false,
                ["tie_word_embeddings"] = true,
                ["moe_num_experts"] = FamilySpec.Experts,
                ["moe_k"] = 2,
                ["moe_intermediate_size"] = FamilySpec.ExpertInner,
                ["moe_num_shared_experts"] = 2,
                ["moe_layer_start_index"] = 1,
                ["moe_layer_end_index"] = -1,
                ["moe_layer_interval"] = 1,
            },
        },
        ["hunyuan_v1_dense"] = new("hunyuan_v1_dense")
        {
            QkNorm = "head",
            QkNormNames = ("query_layernorm", "key_layernorm"),
            NormsAfterRope = true,
            Theta = 10000 * Math.Pow(100, 16 / 14.0),
            Config = new() { ["rope_scaling"] = new JsonObject { ["type"] = "dynamic", ["alpha"] = 100.0, ["factor"] = 1.0 } },
        },
        ["exaone4"] = Olmo2 with
        {
            ModelType = "exaone4",
            QkNorm = "head",
            Theta = 70000,
            Window = layer => layer % 4 == 3 ? int.MaxValue : 6,
            HasRope = layer => layer % 4 != 3,
            Config = new() { ["rope_theta"] = 70000.0, ["sliding_window"] = 6, ["sliding_window_pattern"] = 4 },
        },
        ["arcee"] = new("arcee")
        {
            Activation = "relu2",
            Network = (null, "up_proj", "down_proj"),
            Config = new() { ["hidden_act"] = "relu2" },
        },
        ["nemotron"] = new("nemotron")
        {
            Norm = "ln1p",
            Rotated = 8,
            Activation = "relu2",
            Network = (null, "up_proj", "down_proj"),
            Config = new() { ["hidden_act"] = "relu2", ["partial_rotary_factor"] = 0.5, ["norm_eps"] = 1e-5 },
        },
        ["apertus"] = new("apertus")
        {
            BeforeAttention = "attention_layernorm",
            BeforeFeedForward = "feedforward_layernorm",
            QkNorm = "head",
            Activation = "xielu",
            Network = (null, "up_proj", "down_proj"),
            Config = new() { ["hidden_act"] = "xielu" },
        },
        ["helium"] = new("helium") { NeighboursRotate = true },
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
        ["stablelm 2"] = new("stablelm")
        {
            Norm = "ln",
            IsParallel = true,
            BeforeFeedForward = null,
            QkNorm = "each",
            QkNormNames = ("q_layernorm", "k_layernorm"),
            QkvBias = true,
            Rotated = 4,
            Config = new()
            {
                ["layer_norm_eps"] = 1e-5,
                ["use_parallel_residual"] = true,
                ["qk_layernorm"] = true,
                ["use_qkv_bias"] = true,
                ["partial_rotary_factor"] = 0.25,
            },
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
            Config = With(NeoX.Config, new() { ["use_parallel_residual"] = false }),
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
            Config = With(Falcon.Config, new() { ["new_decoder_architecture"] = true, ["num_kv_heads"] = 2 }),
        },
        ["deepseek_v3"] = DeepSeek,
        ["deepseek_v3 with yarn"] = DeepSeek with
        {
            Scaling = _ => (Yarn(10000, 4, 64, 32, 1, FamilySpec.RopeDim, rounds: true)!.Value.Frequency, 1),
            ScoreScale = Math.Pow((0.1 * 1 * Math.Log(4)) + 1, 2) / Math.Sqrt(FamilySpec.NopeDim + FamilySpec.RopeDim),
            Config = With(DeepSeek.Config, new()
            {
                ["rope_scaling"] = new JsonObject
                {
                    ["type"] = "yarn",
                    ["factor"] = 4.0,
                    ["mscale"] = 1.0,
                    ["mscale_all_dim"] = 1.0,
                    ["beta_fast"] = 32.0,
                    ["beta_slow"] = 1.0,
                    ["original_max_position_embeddings"] = 64,
                },
            }),
        },
        ["deepseek_v2"] = DeepSeek with
        {
            ModelType = "deepseek_v2",
            QueryRank = 0,
            Mixture = new("mlp.gate")
            {
                Normalises = false,
                Shared = "mlp.shared_experts.",
                SharedInner = FamilySpec.ExpertInner,
                Scale = 1.5,
            },
            Config = With(DeepSeek.Config, new()
            {
                ["q_lora_rank"] = null,
                ["norm_topk_prob"] = false,
                ["n_group"] = 1,
                ["topk_group"] = 1,
                ["topk_method"] = "greedy",
                ["scoring_func"] = "softmax",
            }),
        },
        ["granitemoehybrid"] = GraniteHybrid,
        ["granitemoehybrid with experts"] = GraniteHybrid with
        {
            HasRope = _ => true,
            HasExperts = _ => true,
            Mixture = new("block_sparse_moe.router.layer")
            {
                Layout = "granite",
                Inner = FamilySpec.Inner,
                Shared = "shared_mlp.",
                SharedInner = FamilySpec.Inner,
            },
            Config = With(With(Granite.Config, Hybrid(FamilySpec.Experts)), new() { ["position_embedding_type"] = "rope" }),
        },
        ["lfm2"] = Lfm2,
        ["lfm2_moe"] = Lfm2 with
        {
            ModelType = "lfm2_moe",
            HasExperts = layer => layer > 0,
            Mixture = new("feed_forward.gate")
            {
                UsesSigmoid = true,
                Correction = "feed_forward.expert_bias",
                Experts = "feed_forward.experts.",
                Names = ("w1", "w3", "w2"),
            },
            Config = With(Lfm2.Config, new()
            {
                ["num_dense_layers"] = 1,
                ["num_experts"] = FamilySpec.Experts,
                ["num_experts_per_tok"] = 2,
                ["moe_intermediate_size"] = FamilySpec.ExpertInner,
                ["norm_topk_prob"] = true,
                ["use_expert_bias"] = true,
                ["routed_scaling_factor"] = 1.0,
            }),
        },
        ["hunyuan_v1_moe"] = new("hunyuan_v1_moe")
        {
            QkNorm = "head",
            QkNormNames = ("query_layernorm", "key_layernorm"),
            NormsAfterRope = true,
            HasExperts = _ => true,
            Mixture = new("mlp.gate.wg") { Inner = FamilySpec.Inner, Shared = "mlp.shared_mlp.", SharedInner = FamilySpec.Inner },
            Config = new()
            {
                ["num_experts"] = FamilySpec.Experts,
                ["moe_topk"] = new JsonArray(2, 2, 2, 2),
                ["moe_intermediate_size"] = new JsonArray(FamilySpec.Inner, FamilySpec.Inner, FamilySpec.Inner, FamilySpec.Inner),
                ["num_shared_expert"] = new JsonArray(1, 1, 1, 1),
                ["use_qk_norm"] = true,
            },
        },
        ["llama4"] = new("llama4_text")
        {
            NeighboursRotate = true,
            Theta = 500000,
            QkNorm = "plain",
            HasRope = layer => layer % 4 != 3,
            Chunk = 6,
            Temperature = (0.5, 4),
            FeedForward = "feed_forward.",
            DenseInner = 2 * FamilySpec.Inner,
            HasExperts = layer => layer % 2 == 1,
            Mixture = new("feed_forward.router")
            {
                Layout = "llama4",
                UsesSigmoid = true,
                Normalises = false,
                Inner = FamilySpec.Inner,
                Shared = "feed_forward.shared_expert.",
                SharedInner = FamilySpec.Inner,
            },
            Config = new()
            {
                ["rope_theta"] = 500000.0,
                ["intermediate_size_mlp"] = 2 * FamilySpec.Inner,
                ["attention_chunk_size"] = 6,
                ["attn_temperature_tuning"] = true,
                ["attn_scale"] = 0.5,
                ["floor_scale"] = 4,
                ["use_qk_norm"] = true,
                ["interleave_moe_layer_step"] = 2,
                ["num_local_experts"] = FamilySpec.Experts,
                ["num_experts_per_tok"] = 2,
            },
        },
        ["gpt_oss"] = new("gpt_oss")
        {
            QkvBias = true,
            OutputBias = true,
            HasSinks = true,
            Theta = 150000,
            Window = layer => layer % 2 == 0 ? 6 : int.MaxValue,
            Scaling = _ => Yarn(150000, 4, 64, 32, 1),
            Activation = "oss",
            HasExperts = _ => true,
            Mixture = new("mlp.router") { Layout = "oss", Inner = FamilySpec.Inner, RouterBias = true },
            Config = new()
            {
                ["sliding_window"] = 6,
                ["rope_theta"] = 150000.0,
                ["num_local_experts"] = FamilySpec.Experts,
                ["num_experts_per_tok"] = 2,
                ["rope_scaling"] = new JsonObject
                {
                    ["rope_type"] = "yarn",
                    ["factor"] = 4.0,
                    ["beta_fast"] = 32.0,
                    ["beta_slow"] = 1.0,
                    ["truncate"] = false,
                    ["original_max_position_embeddings"] = 64,
                },
            },
        },
    };

    private static JsonObject Hybrid(int experts) => new()
    {
        ["layer_types"] = new JsonArray("mamba", "mamba", "attention", "mamba"),
        ["num_local_experts"] = experts,
        ["num_experts_per_tok"] = 2,
        ["shared_intermediate_size"] = FamilySpec.Inner,
        ["position_embedding_type"] = "nope",
        ["mamba_n_heads"] = FamilySpec.MambaHeads,
        ["mamba_d_head"] = FamilySpec.MambaWidth,
        ["mamba_d_state"] = FamilySpec.MambaState,
        ["mamba_n_groups"] = FamilySpec.MambaGroups,
        ["mamba_d_conv"] = FamilySpec.Taps,
        ["mamba_expand"] = 2,
        ["mamba_conv_bias"] = true,
        ["mamba_proj_bias"] = false,
    };

    private static JsonObject With(JsonObject config, JsonObject more)
    {
        var all = (JsonObject)config.DeepClone();
        foreach ((string key, JsonNode? value) in more)
        {
            all[key] = value?.DeepClone();
        }

        return all;
    }

    // arXiv:2309.00071; gpt-oss does not round the corrected range.
    private static (Func<int, double> Frequency, double Amplitude)? Yarn(
        double theta, double factor, int trained, double fast, double slow, int width = FamilySpec.HeadDim, bool rounds = false)
    {
        double Pair(double turns) => width * Math.Log(trained / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
        double low = Math.Max(rounds ? Math.Floor(Pair(fast)) : Pair(fast), 0);
        double high = Math.Min(rounds ? Math.Ceiling(Pair(slow)) : Pair(slow), width - 1);
        return (i =>
        {
            double divided = Math.Clamp((i - low) / Math.Max(high - low, 0.001), 0, 1);
            return (divided / factor) + (1 - divided);
        }, (0.1 * Math.Log(factor)) + 1);
    }
}
