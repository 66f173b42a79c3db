using System.Globalization;

namespace Inferometer.ModelFiles.TensorNames;

/// <summary>Tensor names of Hugging Face checkpoints, which differ by family.</summary>
/// <param name="root">What stands before <c>embed_tokens</c>: <c>model.</c>, or longer where the text model is a part of a larger
/// one.</param>
/// <param name="postNorms">The family has norms after its blocks, so that <c>post_attention_layernorm</c> is one of them and not the norm
/// before the FFN.</param>
public sealed class HuggingFaceNames(string root, bool postNorms) : IWeightNames
{
    private static readonly string[] Roots = ["model.", "language_model.model.", "model.language_model.", ""];

    /// <summary>The names of a checkpoint, told by where its embedding is; null when none of the known places holds one.</summary>
    /// <param name="contains">Whether the checkpoint has a tensor of a name.</param>
    /// <param name="postNorms">The family has norms after its blocks.</param>
    public static HuggingFaceNames? Find(Func<string, bool> contains, bool postNorms)
    {
        foreach (string root in Roots)
        {
            if (contains(root + "embed_tokens.weight"))
            {
                return new HuggingFaceNames(root, postNorms) { Mixtral = contains(root + "layers.0.block_sparse_moe.gate.weight") };
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public string? Stem(WeightRole role, int layer = 0) => role switch
    {
        WeightRole.Embedding => root + "embed_tokens",
        WeightRole.FinalNorm => root + "norm",
        WeightRole.LmHead => root.StartsWith("language_model.", StringComparison.Ordinal) ? "language_model.lm_head" : "lm_head",
        _ => InLayer(role) is string name ? string.Create(CultureInfo.InvariantCulture, $"{root}layers.{layer}.{name}") : null,
    };

    /// <inheritdoc/>
    public string? ExpertStem(WeightRole role, int layer, int expert)
    {
        (string qwen, string mixtral) = role switch
        {
            WeightRole.ExpertGate => ("gate_proj", "w1"),
            WeightRole.ExpertUp => ("up_proj", "w3"),
            _ => ("down_proj", "w2"),
        };
        return Mixtral
            ? string.Create(CultureInfo.InvariantCulture, $"{root}layers.{layer}.block_sparse_moe.experts.{expert}.{mixtral}")
            : string.Create(CultureInfo.InvariantCulture, $"{root}layers.{layer}.mlp.experts.{expert}.{qwen}");
    }

    private bool Mixtral { get; init; }

    private string? InLayer(WeightRole role) => role switch
    {
        WeightRole.AttentionNorm => "input_layernorm",
        WeightRole.PostAttentionNorm => postNorms ? "post_attention_layernorm" : null,
        WeightRole.FeedForwardNorm => postNorms ? "pre_feedforward_layernorm" : "post_attention_layernorm",
        WeightRole.PostFeedForwardNorm => postNorms ? "post_feedforward_layernorm" : null,
        WeightRole.Query => "self_attn.q_proj",
        WeightRole.Key => "self_attn.k_proj",
        WeightRole.Value => "self_attn.v_proj",
        WeightRole.FusedQueryKeyValue => "self_attn.qkv_proj",
        WeightRole.AttentionOutput => "self_attn.o_proj",
        WeightRole.QueryNorm => "self_attn.q_norm",
        WeightRole.KeyNorm => "self_attn.k_norm",
        WeightRole.Gate => "mlp.gate_proj",
        WeightRole.Up => "mlp.up_proj",
        WeightRole.FusedGateUp => "mlp.gate_up_proj",
        WeightRole.Down => "mlp.down_proj",
        WeightRole.Router => Mixtral ? "block_sparse_moe.gate" : "mlp.gate",
        WeightRole.SharedGate => "mlp.shared_expert.gate_proj",
        WeightRole.SharedUp => "mlp.shared_expert.up_proj",
        WeightRole.SharedDown => "mlp.shared_expert.down_proj",
        WeightRole.SharedExpertGate => "mlp.shared_expert_gate",
        _ => null,
    };
}
