using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>Families with latent attention.</summary>
internal static class LatentFamilySpecs
{
    private static readonly FamilySpec DeepSeek = new("deepseek_v3")
    {
        Mixer = _ => "latent",
        QueryRank = 20,
        NeighboursRotate = true,
        Rotated = FamilySpec.RopeDim,
        ScoreScale = 1 / Math.Sqrt(FamilySpec.NopeDim + FamilySpec.RopeDim),
        HasExperts = layer => layer > 0,
        Mixture = FamilyParts.Sigmoid with { Groups = 3, GroupsUsed = 2 },
        Config = FamilyParts.With(FamilyParts.SigmoidConfig, new()
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

    // Kimi K2 and GLM-4.7-Flash are DeepSeek-V3's network with all experts in one group.
    private static readonly FamilySpec OneGroup = DeepSeek with
    {
        Mixture = FamilyParts.Sigmoid with { Groups = 1, GroupsUsed = 1 },
        Config = FamilyParts.With(DeepSeek.Config, new() { ["n_group"] = 1, ["topk_group"] = 1 }),
    };

    public static IReadOnlyDictionary<string, FamilySpec> All { get; } = new Dictionary<string, FamilySpec>(StringComparer.Ordinal)
    {
        ["deepseek_v3"] = DeepSeek,
        ["deepseek_v3 with yarn"] = DeepSeek with
        {
            Scaling = _ => (FamilyParts.Yarn(10000, 4, 64, 32, 1, FamilySpec.RopeDim, rounds: true)!.Value.Frequency, 1),
            ScoreScale = Math.Pow((0.1 * 1 * Math.Log(4)) + 1, 2) / Math.Sqrt(FamilySpec.NopeDim + FamilySpec.RopeDim),
            Config = FamilyParts.With(DeepSeek.Config, new()
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
        ["kimi_k2"] = OneGroup with { ModelType = "kimi_k2" },
        ["glm4_moe_lite"] = OneGroup with { ModelType = "glm4_moe_lite" },
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
            Config = FamilyParts.With(DeepSeek.Config, new()
            {
                ["q_lora_rank"] = null,
                ["norm_topk_prob"] = false,
                ["n_group"] = 1,
                ["topk_group"] = 1,
                ["topk_method"] = "greedy",
                ["scoring_func"] = "softmax",
            }),
        },
    };
}
