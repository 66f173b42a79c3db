using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>Families whose layers keep states.</summary>
internal static class StateFamilySpecs
{
    private static readonly FamilySpec GraniteHybrid = DenseFamilySpecs.Granite with
    {
        ModelType = "granitemoehybrid",
        Mixer = layer => layer == 2 ? "attention" : "mamba",
        HasRope = _ => false,
        FeedForward = "shared_mlp.",
        Network = ("input_linear", "input_linear", "output_linear"),
        Config = FamilyParts.With(DenseFamilySpecs.Granite.Config, Hybrid(0)),
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

    public static IReadOnlyDictionary<string, FamilySpec> All { get; } = new Dictionary<string, FamilySpec>(StringComparer.Ordinal)
    {
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
            Config = FamilyParts.With(
                FamilyParts.With(DenseFamilySpecs.Granite.Config, Hybrid(FamilySpec.Experts)),
                new() { ["position_embedding_type"] = "rope" }),
        },
        ["mamba2"] = new("mamba2")
        {
            Embedding = "backbone.embeddings",
            FinalNorm = "backbone.norm_f",
            LayerPrefix = "backbone.layers.",
            BeforeAttention = "norm",
            BeforeFeedForward = null,
            Mixer = _ => "mamba",
            MambaPrefix = "mixer.",
            HasFeedForward = false,
            HasRope = _ => false,
            Config = new()
            {
                ["num_heads"] = FamilySpec.MambaHeads,
                ["head_dim"] = FamilySpec.MambaWidth,
                ["state_size"] = FamilySpec.MambaState,
                ["n_groups"] = FamilySpec.MambaGroups,
                ["conv_kernel"] = FamilySpec.Taps,
                ["expand"] = 2,
                ["use_bias"] = false,
                ["use_conv_bias"] = true,
                ["layer_norm_epsilon"] = 1e-5,
                ["intermediate_size"] = null,
                ["num_attention_heads"] = null,
                ["num_key_value_heads"] = null,
                ["max_position_embeddings"] = null,
                ["rms_norm_eps"] = null,
                ["rope_theta"] = null,
            },
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
            Config = FamilyParts.With(Lfm2.Config, new()
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
}
