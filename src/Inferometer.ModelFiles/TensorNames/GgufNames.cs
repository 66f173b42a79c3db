using System.Globalization;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.TensorNames;

/// <summary>Tensor names of GGUF files (the table of the gguf project's documentation).</summary>
/// <param name="family">The file's architecture; null for the names that most have.</param>
public sealed class GgufNames(GgufFamily? family = null) : IWeightNames
{
    /// <inheritdoc/>
    public string? Stem(WeightRole role, int layer = 0) => role switch
    {
        WeightRole.Embedding => "token_embd",
        WeightRole.FinalNorm => "output_norm",
        WeightRole.LmHead => "output",
        WeightRole.PositionTable => "position_embd",
        WeightRole.RopeDivisors => "rope_freqs",
        WeightRole.RopeShortDivisors => "rope_factors_short",
        WeightRole.RopeLongDivisors => "rope_factors_long",
        _ => InLayer(role) is string name ? string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.{name}") : null,
    };

    /// <inheritdoc/>
    /// <remarks>Files of early 2024 hold experts one by one; later ones stack them.</remarks>
    public string? ExpertStem(WeightRole role, int layer, int expert) => role switch
    {
        WeightRole.ExpertGate => string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.ffn_gate.{expert}"),
        WeightRole.ExpertUp => string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.ffn_up.{expert}"),
        WeightRole.ExpertDown => string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.ffn_down.{expert}"),
        _ => null,
    };

    private string? InLayer(WeightRole role) => role switch
    {
        WeightRole.AttentionNorm => "attn_norm",
        WeightRole.PostAttentionNorm => "post_attention_norm",
        WeightRole.FeedForwardNorm => family?.FeedForwardNormIsPostAttention is true ? "post_attention_norm" : "ffn_norm",
        WeightRole.PostFeedForwardNorm => "post_ffw_norm",
        WeightRole.Query => "attn_q",
        WeightRole.Key => "attn_k",
        WeightRole.Value => "attn_v",
        WeightRole.FusedQueryKeyValue => "attn_qkv",
        WeightRole.AttentionOutput => "attn_output",
        WeightRole.AttentionGate => "attn_gate",
        WeightRole.AttentionSinks => "attn_sinks",
        WeightRole.QueryDown => "attn_q_a",
        WeightRole.QueryDownNorm => "attn_q_a_norm",
        WeightRole.QueryUp => "attn_q_b",
        WeightRole.LatentDown => "attn_kv_a_mqa",
        WeightRole.LatentNorm => "attn_kv_a_norm",
        WeightRole.KeyUp => "attn_k_b",
        WeightRole.ValueUp => "attn_v_b",
        WeightRole.LatentUp => "attn_kv_b",
        WeightRole.QueryNorm => "attn_q_norm",
        WeightRole.KeyNorm => "attn_k_norm",
        WeightRole.Gate => "ffn_gate",
        WeightRole.Up => "ffn_up",
        WeightRole.FusedGateUp => "ffn_up", // Phi-3 files keep the fused matrix under the name of "up" and have no "gate"
        WeightRole.Down => "ffn_down",
        WeightRole.Router => "ffn_gate_inp",
        WeightRole.RouterCorrection => "exp_probs_b",
        WeightRole.ExpertGate => "ffn_gate_exps",
        WeightRole.ExpertUp => "ffn_up_exps",
        WeightRole.ExpertDown => "ffn_down_exps",
        WeightRole.SharedGate => "ffn_gate_shexp",
        WeightRole.SharedUp => "ffn_up_shexp",
        WeightRole.SharedDown => "ffn_down_shexp",
        WeightRole.SharedExpertGate => "ffn_gate_inp_shexp",
        _ => null,
    };
}
