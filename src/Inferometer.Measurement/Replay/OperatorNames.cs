using Inferometer.Core.Models;
using Inferometer.Measurement.Published;

namespace Inferometer.Measurement.Replay;

/// <summary>What the operators of published tables are called in a cost model's rows.</summary>
internal static class OperatorNames
{
    private static readonly Dictionary<string, string[]> Rows = new(StringComparer.Ordinal)
    {
        ["attn_pre_proj"] = ["qkv_projection"],
        ["attn_post_proj"] = ["output_projection"],
        ["mlp_up_proj"] = ["gate_up_projection", "up_projection"],
        ["mlp_down_proj"] = ["down_projection"],
        ["mlp_act"] = ["activation"],
        ["attn_rope"] = ["rope_kv_write"],
        ["emb"] = ["embedding"],
        ["post_attention_layernorm"] = ["feed_forward_norm"],
        ["input_layernorm"] = ["input_norm"],
        ["layernorm"] = ["input_norm"],
        ["post_layernorm"] = ["feed_forward_norm"],
        ["final_layernorm"] = ["final_norm"],
        ["qkv_proj"] = ["qkv_projection"],
        ["o_proj"] = ["output_projection"],
        ["gate_up_proj"] = ["gate_up_projection"],
        ["down_proj"] = ["down_projection"],
        ["lm_head"] = ["lm_head"],
        ["gate"] = ["router"],
        ["act_fn"] = ["activation", "expert_activation"],
        ["embedding"] = ["embedding"],
        ["rotary_emb"] = ["rope_kv_write"],
        ["rope"] = ["rope_kv_write"],
        ["attention"] = ["attention_prefill", "attention_decode"],
        ["moe"] = ["expert_gate_up", "expert_activation", "expert_down"],
    };

    /// <summary>The kind of work, for people.</summary>
    public static string KindOf(OperatorClass @class) => @class switch
    {
        OperatorClass.PrefillStep => "prefill step",
        OperatorClass.DecodeStep => "decode step",
        OperatorClass.MatrixProduct => "products",
        OperatorClass.PrefillAttention => "prefill attention",
        OperatorClass.DecodeAttention => "decode attention",
        OperatorClass.MixedAttention => "attention",
        OperatorClass.LatentPrefillAttention => "latent prefill",
        OperatorClass.LatentDecodeAttention => "latent decode",
        OperatorClass.Experts => "experts",
        OperatorClass.AllReduce => "all-reduce",
        OperatorClass.Norm => "norms",
        OperatorClass.Activation => "activations",
        OperatorClass.Embedding => "embedding",
        OperatorClass.Rotary => "rotary",
        _ => "other",
    };

    /// <summary>Whether an operator is one of the rows of its whole model.</summary>
    public static bool IsPartOfModel(string kind) => Rows.ContainsKey(kind);

    /// <summary>The rows that a measurement is the sum of, and how often; no rows = the whole step.</summary>
    public static (double Times, IReadOnlyList<string> Names) Of(OperatorMeasurement row) => row.Class switch
    {
        OperatorClass.PrefillStep or OperatorClass.DecodeStep => (1, []),
        OperatorClass.PrefillAttention or OperatorClass.LatentPrefillAttention => (1, ["attention_prefill"]),
        OperatorClass.DecodeAttention or OperatorClass.LatentDecodeAttention => (1, ["attention_decode"]),
        OperatorClass.AllReduce => (1, ["mixer_all_reduce"]),
        OperatorClass.Experts when row.Kind.EndsWith(".up_proj", StringComparison.Ordinal) => (1, ["expert_gate_up"]),
        OperatorClass.Experts when row.Kind.EndsWith(".down_proj", StringComparison.Ordinal) => (1, ["expert_down"]),
        OperatorClass.Experts => (1, Rows["moe"]),
        _ when Rows.TryGetValue(row.Kind, out string[]? names) => (1, names),
        _ => (1, ["down_projection"]),
    };

    /// <summary>The product behind an operator that a model's rows hold only together with others; null where it is none.</summary>
    public static (int Outputs, int Inputs)? ProductOf(string kind, ModelArchitecture model, int tensor)
    {
        if (model.Layers[0].Mixer is not AttentionMixer attention)
        {
            return null;
        }

        int inner = model.Layers[0].FeedForward is DenseFeedForward dense ? dense.IntermediateSize / tensor : 0;
        return kind switch
        {
            "q_proj" => (attention.Heads * attention.HeadDim / tensor, model.HiddenSize),
            "k_proj" => (Math.Max(1, attention.KvHeads / tensor) * attention.HeadDim, model.HiddenSize),
            "v_proj" => (Math.Max(1, attention.KvHeads / tensor) * attention.ValueHeadDim, model.HiddenSize),
            "gate_proj" or "up_proj" when inner > 0 => (inner, model.HiddenSize),
            _ => null,
        };
    }
}
