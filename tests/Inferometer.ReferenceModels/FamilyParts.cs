using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>What descriptions of several families are put together from.</summary>
internal static class FamilyParts
{
    public static readonly ExpertSpec Sigmoid = new("mlp.gate")
    {
        UsesSigmoid = true,
        Correction = "mlp.gate.e_score_correction_bias",
        Shared = "mlp.shared_experts.",
        Scale = 1.5,
        SharedInner = FamilySpec.ExpertInner,
    };

    public static readonly JsonObject SigmoidConfig = new()
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

    public static JsonObject With(JsonObject config, JsonObject more)
    {
        var all = (JsonObject)config.DeepClone();
        foreach ((string key, JsonNode? value) in more)
        {
            all[key] = value?.DeepClone();
        }

        return all;
    }

    // arXiv:2309.00071; gpt-oss does not round the corrected range.
    public static (Func<int, double> Frequency, double Amplitude)? Yarn(
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
