using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>Families with one dense network behind attention, after Llama.</summary>
internal static class DenseFamilySpecs
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

    public static readonly FamilySpec Granite = new("granite")
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

    private static readonly FamilySpec Glm = new("glm")
    {
        NeighboursRotate = true,
        Rotated = 8,
        QkvBias = true,
        Network = ("gate_up_proj", "gate_up_proj", "down_proj"),
        Config = new() { ["attention_bias"] = true, ["partial_rotary_factor"] = 0.5 },
    };

    private static readonly FamilySpec Ministral3 = new("ministral3")
    {
        Temperature = _ => (0.3, 8, 0),
        Scaling = _ => (FamilyParts.Yarn(10000, 4, 8, 4, 1, FamilySpec.HeadDim, rounds: true)!.Value.Frequency, 1),
        Config = new()
        {
            ["rope_parameters"] = new JsonObject
            {
                ["rope_type"] = "yarn",
                ["rope_theta"] = 10000.0,
                ["factor"] = 4.0,
                ["original_max_position_embeddings"] = 8,
                ["beta_fast"] = 4.0,
                ["beta_slow"] = 1.0,
                ["mscale"] = 1.0,
                ["mscale_all_dim"] = 1.0,
                ["llama_4_scaling_beta"] = 0.3,
            },
        },
    };

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
        ["ministral3"] = Ministral3,
        ["granite"] = Granite,
        ["cohere"] = Cohere,
        ["cohere with norms on heads"] = Cohere with
        {
            QkNorm = "each",
            Config = FamilyParts.With(Cohere.Config, new() { ["use_qk_norm"] = true }),
        },
        ["cohere2"] = Cohere with
        {
            ModelType = "cohere2",
            Window = layer => layer % 4 == 3 ? int.MaxValue : 6,
            HasRope = layer => layer % 4 != 3,
            Config = FamilyParts.With(Cohere.Config, new()
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
        ["ernie4_5"] = new("ernie4_5")
        {
            NeighboursRotate = true,
            Head = null,
            Config = new() { ["use_bias"] = false, ["tie_word_embeddings"] = true },
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
    };
}
