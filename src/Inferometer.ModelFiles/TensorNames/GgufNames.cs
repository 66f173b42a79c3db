using System.Globalization;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;

namespace Inferometer.ModelFiles.TensorNames;

/// <summary>Tensor names of GGUF files (the table of the gguf project's documentation).</summary>
/// <param name="family">The file's architecture; null for the names that most have.</param>
/// <param name="model">What it describes; null where no layer has two norms side by side.</param>
public sealed class GgufNames(GgufFamily? family = null, ModelArchitecture? model = null) : IWeightNames
{
    private readonly bool _secondIsAttention =
        family is { SecondNormIsAttention: true } && model is { ParallelBlocks: true, PreBlockNorms: 2 };

    /// <inheritdoc/>
    public string? Stem(WeightRole role, int layer = 0) => role switch
    {
        WeightRole.Embedding => "token_embd",
        WeightRole.FinalNorm => family?.FinalNorm ?? "output_norm",
        WeightRole.LayerInputTable => "per_layer_token_embd",
        WeightRole.LayerInputProjection => "per_layer_model_proj",
        WeightRole.LayerInputNorm => "per_layer_proj_norm",
        WeightRole.StreamProjection => "altup_proj",
        WeightRole.StreamMerging => "altup_unembd_proj",
        WeightRole.LmHead => "output",
        WeightRole.PositionTable => "position_embd",
        WeightRole.TokenTypes => "token_types",
        WeightRole.EmbeddingNorm => "token_embd_norm",
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
        WeightRole.AttentionNorm => _secondIsAttention ? "attn_norm_2" : "attn_norm",
        WeightRole.PostAttentionNorm => family?.NormAfterResidual is true ? "attn_output_norm" : "post_attention_norm",
        WeightRole.FeedForwardNorm when _secondIsAttention => "attn_norm",
        WeightRole.FeedForwardNorm => family?.FeedForwardNormIsPostAttention is true ? "post_attention_norm" : "ffn_norm",
        WeightRole.PostFeedForwardNorm => family?.NormAfterResidual is true ? "layer_output_norm" : "post_ffw_norm",
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
        WeightRole.LayerInputGate => "inp_gate",
        WeightRole.LayerInputOutput => "proj",
        WeightRole.LayerInputOutputNorm => "post_norm",
        WeightRole.LayerScale => "layer_output_scale",
        WeightRole.UpdateNorm => "altup_router_norm",
        WeightRole.UpdateRouter => "altup_router",
        WeightRole.UpdatePrediction => "altup_predict_coef",
        WeightRole.UpdateCorrection => "altup_correct_coef",
        WeightRole.UpdateScale => "altup_correct_scale",
        WeightRole.BranchDown => "laurel_l",
        WeightRole.BranchUp => "laurel_r",
        WeightRole.BranchNorm => "laurel_post_norm",
        WeightRole.RouterScale => "ffn_gate_inp.scale",
        WeightRole.ExpertScale => "ffn_down_exps.scale",
        WeightRole.ExpertNorm => "pre_ffw_norm_2",
        WeightRole.PostExpertNorm => "post_ffw_norm_2",
        WeightRole.PostDenseNorm => "post_ffw_norm_1",
        _ => State(role),
    };

    private string? State(WeightRole role) => family?.States switch
    {
        GgufStates.ShortConvolution => role switch
        {
            WeightRole.StateInput => "shortconv.in_proj",
            WeightRole.StateConvolution => "shortconv.conv",
            WeightRole.StateOutput => "shortconv.out_proj",
            _ => null,
        },
        GgufStates.GatedDelta or GgufStates.Mamba => role switch
        {
            WeightRole.StateInput => family.States == GgufStates.Mamba ? "ssm_in" : "attn_qkv",
            WeightRole.StateGate => "attn_gate",
            WeightRole.StateBeta => "ssm_beta",
            WeightRole.StateDecay => "ssm_alpha",
            WeightRole.StateConvolution => "ssm_conv1d",
            WeightRole.StateRates => "ssm_a",
            WeightRole.StateStepBias => "ssm_dt",
            WeightRole.StateSkip => "ssm_d",
            WeightRole.StateNorm => "ssm_norm",
            WeightRole.StateOutput => "ssm_out",
            _ => null,
        },
        _ => null,
    };
}
