using System.Globalization;

namespace Inferometer.Core.Weights;

/// <summary>
/// Names that a tensor has in checkpoints of Hugging Face: lists of modules that are left alone are written in them. Families spell the
/// same module differently, so that there are several; one expert stands for all.
/// </summary>
internal static class ModuleNames
{
    private static readonly string[] Roots = ["model.layers", "language_model.model.layers", "model.language_model.layers"];
    private static readonly string[] Mixers = ["self_attn", "attn", "linear_attn", "mixer"];
    private static readonly string[] Networks = ["mlp", "block_sparse_moe", "feed_forward"];

    public static IReadOnlyList<string> Of(in WeightTensor tensor)
    {
        if (tensor.Kind is WeightKind.Head)
        {
            return ["lm_head", "language_model.lm_head"];
        }

        if (tensor.Kind is WeightKind.TokenTable)
        {
            return ["model.embed_tokens", "language_model.model.embed_tokens", "model.language_model.embed_tokens"];
        }

        (string[] blocks, string[] leaves) = Parts(tensor.Kind);
        int layer = tensor.Layer;
        return
        [
            .. from root in Roots from block in blocks from leaf in leaves
               select string.Create(CultureInfo.InvariantCulture, $"{root}.{layer}.{block}.{leaf}"),
        ];
    }

    private static (string[] Blocks, string[] Leaves) Parts(WeightKind kind) => kind switch
    {
        WeightKind.Query => (Mixers, ["q_proj", "qkv_proj", "query_key_value"]),
        WeightKind.Key => (Mixers, ["k_proj", "qkv_proj", "query_key_value"]),
        WeightKind.Value => (Mixers, ["v_proj", "qkv_proj", "query_key_value"]),
        WeightKind.AttentionGate => (Mixers, ["g_proj", "gate_proj"]),
        WeightKind.AttentionOutput => (Mixers, ["o_proj", "out_proj", "dense"]),
        WeightKind.QueryDown => (Mixers, ["q_a_proj", "wq_a"]),
        WeightKind.QueryUp => (Mixers, ["q_b_proj", "q_proj", "wq_b"]),
        WeightKind.LatentDown => (Mixers, ["kv_a_proj_with_mqa", "wkv"]),
        WeightKind.KeyUp or WeightKind.ValueUp => (Mixers, ["kv_b_proj"]),
        WeightKind.Indexer => (Mixers, ["indexer.wq_b", "indexer.wk", "indexer.weights_proj"]),
        WeightKind.RecurrentInput => (Mixers, ["in_proj", "in_proj_qkvz", "in_proj_qkv", "in_proj_z"]),
        WeightKind.RecurrentOutput => (Mixers, ["out_proj"]),
        WeightKind.Gate => (Networks, ["gate_proj", "gate_up_proj", "w1"]),
        WeightKind.Up => (Networks, ["up_proj", "gate_up_proj", "w3", "fc1"]),
        WeightKind.Down => (Networks, ["down_proj", "w2", "fc2"]),
        WeightKind.ExpertGate => (Networks, ["experts.0.gate_proj", "experts.0.w1", "experts"]),
        WeightKind.ExpertUp => (Networks, ["experts.0.up_proj", "experts.0.w3", "experts"]),
        WeightKind.ExpertDown => (Networks, ["experts.0.down_proj", "experts.0.w2", "experts"]),
        WeightKind.SharedGate => (Networks, ["shared_experts.gate_proj", "shared_expert.gate_proj", "shared_mlp.gate_proj"]),
        WeightKind.SharedUp => (Networks, ["shared_experts.up_proj", "shared_expert.up_proj", "shared_mlp.up_proj"]),
        WeightKind.SharedDown => (Networks, ["shared_experts.down_proj", "shared_expert.down_proj", "shared_mlp.down_proj"]),
        WeightKind.SharedSwitch => (Networks, ["shared_expert_gate"]),
        WeightKind.Router => (Networks, ["gate", "router"]),
        _ => (["side"], ["part"]),
    };
}
