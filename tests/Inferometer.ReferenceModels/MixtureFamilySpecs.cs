using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>Families that route tokens to experts.</summary>
internal static class MixtureFamilySpecs
{
    public static IReadOnlyDictionary<string, FamilySpec> All { get; } = new Dictionary<string, FamilySpec>(StringComparer.Ordinal)
    {
        ["olmoe"] = new("olmoe")
        {
            QkNorm = "full",
            HasExperts = _ => true,
            Mixture = new("mlp.gate") { Normalises = false, Inner = FamilySpec.Inner },
            Config = new() { ["num_experts"] = FamilySpec.Experts, ["num_experts_per_tok"] = 2, ["norm_topk_prob"] = false },
        },
        ["granitemoe"] = DenseFamilySpecs.Granite with
        {
            ModelType = "granitemoe",
            HasExperts = _ => true,
            Mixture = new("block_sparse_moe.router.layer") { Layout = "granite", Inner = FamilySpec.Inner },
            Config = FamilyParts.With(DenseFamilySpecs.Granite.Config, new()
            {
                ["num_local_experts"] = FamilySpec.Experts,
                ["num_experts_per_tok"] = 2,
            }),
        },
        ["glm4_moe"] = new("glm4_moe")
        {
            Rotated = 8,
            QkvBias = true,
            QkNorm = "head",
            HasExperts = layer => layer > 0,
            Mixture = FamilyParts.Sigmoid with { Groups = 3, GroupsUsed = 2 },
            Config = FamilyParts.With(FamilyParts.SigmoidConfig, new()
            {
                ["attention_bias"] = true,
                ["partial_rotary_factor"] = 0.5,
                ["use_qk_norm"] = true,
            }),
        },
        ["dots1"] = new("dots1")
        {
            QkNorm = "head",
            Theta = 50000,
            HasExperts = layer => layer > 0,
            Mixture = FamilyParts.Sigmoid with { Groups = 3, GroupsUsed = 2 },
            Config = FamilyParts.With(FamilyParts.SigmoidConfig, new() { ["sliding_window"] = null, ["rope_theta"] = 50000.0 }),
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
            Temperature = layer => layer % 4 == 3 ? (0.5, 4, 1) : default,
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
            Scaling = _ => FamilyParts.Yarn(150000, 4, 64, 32, 1),
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
}
