using System.Globalization;
using Inferometer.Core.Models;

namespace Inferometer.ModelFiles.TensorNames;

/// <summary>
/// Tensor names of Hugging Face checkpoints. They differ by family, but a name means the same thing wherever it stands among the same
/// neighbours: each role has a list of the names it goes by, and the one that the checkpoint has is taken.
/// </summary>
public sealed class HuggingFaceNames : IWeightNames
{
    private static readonly string[] Roots =
        ["model.", "language_model.model.", "model.language_model.", "gpt_neox.", "transformer.", "bert.", "roberta.", "backbone.", ""];

    // With the names under which layers then stand.
    private static readonly (string Name, string[] Layers)[] Embeddings =
    [
        ("embed_tokens", ["layers"]), ("wte", ["h"]), ("embed_in", ["layers"]), ("word_embeddings", ["h"]),
        ("embeddings", ["layers"]), ("embeddings.word_embeddings", ["encoder.layer", "encoder.layers"]),
        ("embeddings.tok_embeddings", ["layers"]),
    ];

    private static readonly Dictionary<WeightRole, string[]> Outside = new()
    {
        [WeightRole.PositionTable] = ["wpe", "embeddings.position_embeddings"],
        [WeightRole.TokenTypes] = ["embeddings.token_type_embeddings"],
        [WeightRole.EmbeddingNorm] = ["embeddings.LayerNorm", "emb_ln", "embeddings.norm"],
        [WeightRole.LayerInputTable] = ["embed_tokens_per_layer"],
        [WeightRole.LayerInputProjection] = ["per_layer_model_projection"],
        [WeightRole.LayerInputNorm] = ["per_layer_projection_norm"],
        [WeightRole.FinalNorm] = ["norm", "final_layernorm", "final_layer_norm", "ln_f", "embedding_norm", "final_norm", "norm_f"],
    };

    private static readonly Dictionary<WeightRole, string[]> InLayer = new()
    {
        [WeightRole.AttentionNorm] = ["input_layernorm", "ln_1", "attention_layernorm", "ln_attn", "operator_norm", "attn_norm", "norm"],
        [WeightRole.PostAttentionNorm] = ["post_self_attn_layernorm", "post_attention_layernorm", "attention.output.LayerNorm", "norm1"],
        [WeightRole.FeedForwardNorm] =
            ["pre_feedforward_layernorm", "post_attention_layernorm", "ln_2", "feedforward_layernorm", "ln_mlp", "ffn_norm", "mlp_norm"],
        [WeightRole.PostFeedForwardNorm] =
            ["post_mlp_layernorm", "post_feedforward_layernorm", "output.LayerNorm", "norm2", "mlp.layernorm"],
        [WeightRole.Query] = ["self_attn.q_proj", "attn.q_proj", "attention.self.query"],
        [WeightRole.Key] = ["self_attn.k_proj", "attn.k_proj", "attention.self.key"],
        [WeightRole.Value] = ["self_attn.v_proj", "attn.v_proj", "attention.self.value"],
        [WeightRole.FusedQueryKeyValue] = ["self_attn.qkv_proj", "attn.Wqkv"],
        [WeightRole.AttentionOutput] =
        [
            "self_attn.o_proj", "self_attn.dense", "self_attn.out_proj", "attn.out_proj", "attn.c_proj", "attention.dense",
            "self_attention.dense", "attention.output.dense", "attn.Wo",
        ],
        [WeightRole.AttentionGate] = ["self_attn.gate_proj"],
        [WeightRole.AttentionSinks] = ["self_attn.sinks"],
        [WeightRole.QueryNorm] = ["self_attn.q_norm", "self_attn.q_layernorm", "self_attn.query_layernorm"],
        [WeightRole.KeyNorm] = ["self_attn.k_norm", "self_attn.k_layernorm", "self_attn.key_layernorm"],
        [WeightRole.Gate] = ["mlp.gate_proj", "feed_forward.w1", "feed_forward.gate_proj", "shared_mlp.gate_proj", "mlp.fc12"],
        [WeightRole.Up] =
        [
            "mlp.up_proj", "mlp.c_fc", "mlp.fc1", "mlp.fc_in", "mlp.dense_h_to_4h", "feed_forward.w3", "feed_forward.up_proj",
            "shared_mlp.up_proj", "intermediate.dense", "mlp.fc11",
        ],
        [WeightRole.FusedGateUp] = ["mlp.gate_up_proj", "mlp.Wi", "mlp.gated_layers"],
        [WeightRole.Down] =
        [
            "mlp.down_proj", "mlp.c_proj", "mlp.fc2", "mlp.fc_out", "mlp.dense_4h_to_h", "feed_forward.w2", "feed_forward.down_proj",
            "shared_mlp.output_linear", "output.dense", "mlp.Wo", "mlp.wo",
        ],
        [WeightRole.Router] =
        [
            "mlp.gate", "mlp.router", "mlp.gate.wg", "block_sparse_moe.gate", "block_sparse_moe.router.layer", "feed_forward.gate",
            "feed_forward.router", "router.proj",
        ],
        [WeightRole.RouterCorrection] =
        [
            "mlp.gate.e_score_correction_bias", "block_sparse_moe.e_score_correction_bias", "mlp.e_score_correction_bias",
            "mlp.moe_statics.e_score_correction_bias", "feed_forward.expert_bias",
        ],
        [WeightRole.ExpertGate] = Stacked("gate_proj"),
        [WeightRole.ExpertUp] = Stacked("up_proj"),
        [WeightRole.ExpertDown] = Stacked("down_proj"),
        [WeightRole.SharedGate] = Shared("gate_proj", "gate_proj"),
        [WeightRole.SharedUp] = Shared("up_proj", "up_proj"),
        [WeightRole.SharedDown] = Shared("down_proj", "output_linear"),
        [WeightRole.SharedExpertGate] = ["mlp.shared_expert_gate"],
        [WeightRole.QueryDown] = ["self_attn.q_a_proj"],
        [WeightRole.QueryDownNorm] = ["self_attn.q_a_layernorm"],
        [WeightRole.QueryUp] = ["self_attn.q_b_proj"],
        [WeightRole.LatentDown] = ["self_attn.kv_a_proj_with_mqa"],
        [WeightRole.LatentNorm] = ["self_attn.kv_a_layernorm"],
        [WeightRole.KeyUp] = ["self_attn.k_b_proj"],
        [WeightRole.ValueUp] = ["self_attn.v_b_proj"],
        [WeightRole.StateInput] = ["linear_attn.in_proj_qkv", "mamba.in_proj", "mixer.in_proj", "conv.in_proj"],
        [WeightRole.StateGate] = ["linear_attn.in_proj_z"],
        [WeightRole.StateBeta] = ["linear_attn.in_proj_b"],
        [WeightRole.StateDecay] = ["linear_attn.in_proj_a"],
        [WeightRole.StateConvolution] = ["linear_attn.conv1d", "mamba.conv1d", "mixer.conv1d", "conv.conv"],
        [WeightRole.StateRates] = ["linear_attn.A_log", "mamba.A_log", "mixer.A_log"],
        [WeightRole.StateStepBias] = ["linear_attn.dt_bias", "mamba.dt_bias", "mixer.dt_bias"],
        [WeightRole.StateSkip] = ["mamba.D", "mixer.D"],
        [WeightRole.StateNorm] = ["linear_attn.norm", "mamba.norm", "mixer.norm"],
        [WeightRole.StateOutput] = ["linear_attn.out_proj", "mamba.out_proj", "mixer.out_proj", "conv.out_proj"],
        [WeightRole.LayerInputGate] = ["per_layer_input_gate"],
        [WeightRole.LayerInputOutput] = ["per_layer_projection"],
        [WeightRole.LayerInputOutputNorm] = ["post_per_layer_input_norm"],
        [WeightRole.LayerScale] = ["layer_scalar"],
        [WeightRole.UpdateNorm] = ["altup.router_norm"],
        [WeightRole.UpdateRouter] = ["altup.modality_router"],
        [WeightRole.UpdatePrediction] = ["altup.prediction_coefs"],
        [WeightRole.UpdateCorrection] = ["altup.correction_coefs"],
        [WeightRole.UpdateScale] = ["altup.correct_output_scale"],
        [WeightRole.BranchDown] = ["laurel.linear_left"],
        [WeightRole.BranchUp] = ["laurel.linear_right"],
        [WeightRole.BranchNorm] = ["laurel.post_laurel_norm"],
        [WeightRole.RouterScale] = ["router.scale"],
        [WeightRole.ExpertScale] = ["router.per_expert_scale"],
        [WeightRole.ExpertNorm] = ["pre_feedforward_layernorm_2"],
        [WeightRole.PostExpertNorm] = ["post_feedforward_layernorm_2"],
        [WeightRole.PostDenseNorm] = ["post_feedforward_layernorm_1"],
        [WeightRole.ActivationPositive] = ["mlp.act_fn.alpha_p"],
        [WeightRole.ActivationNegative] = ["mlp.act_fn.alpha_n"],
    };

    private static readonly string[] Endings = ["", ".weight", ".bias", ".norms.0.weight"];

    private readonly Func<string, bool> _contains;
    private readonly string _root;
    private readonly string _embedding;
    private readonly string _layers;
    private readonly bool _normsBehind;

    private HuggingFaceNames(Func<string, bool> contains, string root, string embedding, string layers, bool normsBehind)
    {
        (_contains, _root, _embedding, _normsBehind) = (contains, root, embedding, normsBehind);
        _layers = _root + layers;
    }

    /// <summary>The names of a checkpoint, told by where its embedding is; null when none of the known places holds one.</summary>
    /// <param name="contains">Whether the checkpoint has a tensor of a name.</param>
    /// <param name="model">What the checkpoint holds; where norms stand decides what some names mean.</param>
    public static HuggingFaceNames? Find(Func<string, bool> contains, ModelArchitecture model)
    {
        ArgumentNullException.ThrowIfNull(contains);
        ArgumentNullException.ThrowIfNull(model);
        foreach (string root in Roots)
        {
            foreach ((string embedding, string[] layers) in Embeddings)
            {
                if (contains(root + embedding + ".weight"))
                {
                    bool behind = model.PostBlockNorms || model.NormsBehindBlocks || model.NormAfterResidual;
                    string first = Array.Find(layers, name => contains($"{root}{name}.0.attn.Wqkv.weight")) ?? layers[0];
                    return new HuggingFaceNames(contains, root, embedding, first, behind);
                }
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public string? Stem(WeightRole role, int layer = 0)
    {
        if (role == WeightRole.Embedding)
        {
            return _root + _embedding;
        }

        if (role == WeightRole.LmHead)
        {
            return _root.StartsWith("language_model.", StringComparison.Ordinal) ? "language_model.lm_head"
                : _embedding is "embed_in" ? "embed_out" : "lm_head";
        }

        if (Outside.TryGetValue(role, out string[]? outside))
        {
            return Present(_root, outside);
        }

        // Without norms behind the blocks, the one after attention is the one before the feed-forward part.
        bool absent = role is WeightRole.PostAttentionNorm or WeightRole.PostFeedForwardNorm && !_normsBehind;
        return !absent && InLayer.TryGetValue(role, out string[]? names) ? Present(LayerPrefix(layer), names) : null;
    }

    /// <inheritdoc/>
    public string? ExpertStem(WeightRole role, int layer, int expert)
    {
        if (role is WeightRole.StreamProjection or WeightRole.StreamMerging)
        {
            string projections = role == WeightRole.StreamProjection ? "altup_projections" : "altup_unembed_projections";
            return string.Create(CultureInfo.InvariantCulture, $"{_root}{projections}.{expert}");
        }

        (string usual, string mixtral) = role switch
        {
            WeightRole.ExpertGate => ("gate_proj", "w1"),
            WeightRole.ExpertUp => ("up_proj", "w3"),
            _ => ("down_proj", "w2"),
        };
        string prefix = LayerPrefix(layer);
        return Present(
            prefix,
            [
                Numbered("mlp", expert, usual), Numbered("block_sparse_moe", expert, mixtral), Numbered("feed_forward", expert, mixtral),
            ]);
    }

    private static string[] Stacked(string matrix) =>
        [$"mlp.experts.{matrix}", $"block_sparse_moe.experts.{matrix}", $"feed_forward.experts.{matrix}", $"experts.{matrix}"];

    private static string[] Shared(string matrix, string ofGranite) =>
    [
        $"mlp.shared_expert.{matrix}", $"mlp.shared_experts.{matrix}", $"mlp.shared_mlp.{matrix}", $"feed_forward.shared_expert.{matrix}",
        $"shared_mlp.{ofGranite}",
    ];

    private static string Numbered(string block, int expert, string matrix) =>
        string.Create(CultureInfo.InvariantCulture, $"{block}.experts.{expert}.{matrix}");

    private string LayerPrefix(int layer) => string.Create(CultureInfo.InvariantCulture, $"{_layers}.{layer}.");

    /// <summary>The first of the names that the checkpoint has; where it has none, the first, to be named as missing.</summary>
    private string Present(string prefix, string[] names)
    {
        foreach (string name in names)
        {
            foreach (string ending in Endings)
            {
                if (_contains(prefix + name + ending))
                {
                    return prefix + name;
                }
            }
        }

        return prefix + names[0];
    }
}
