using System.Globalization;
using System.Text.RegularExpressions;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Layouts;

/// <summary>Which tensors of which families have to be taken apart, by the last words of their names.</summary>
internal static partial class LayoutRules
{
    private delegate IReadOnlyList<PackedWeight> Rule(FusedTensor tensor);

    private static readonly (string Stem, Rule Rule)[] s_rules =
    [
        (".attention.query_key_value", FusedAttention.ByGroups),
        (".self_attention.query_key_value", FusedAttention.ByGroups),
        (".attn.c_attn", FusedAttention.Columns),
        (".attn.c_proj", FusedAttention.Transposed),
        (".mlp.c_fc", FusedAttention.Transposed),
        (".mlp.c_proj", FusedAttention.Transposed),
        (".self_attn.q_proj", FusedAttention.QueriesAndGates),
        (".self_attn.kv_b_proj", FusedAttention.KeysAndValuesOfLatent),
        (".block_sparse_moe.input_linear", FusedExperts.GateAboveUp),
        (".block_sparse_moe.output_linear", FusedExperts.Down),
        (".shared_mlp.input_linear", FusedExperts.SharedGateAboveUp),
        (".mlp.experts.gate_up_proj", FusedExperts.GateBesideUp),
        (".mlp.experts.gate_up_proj_bias", FusedExperts.GateBesideUpBias),
        (".mlp.experts.down_proj", FusedExperts.DownOfGptOss),
        (".mlp.experts.down_proj_bias", FusedExperts.DownBias),
        (".feed_forward.experts.gate_up_proj", FusedExperts.GateThenUp),
        (".feed_forward.experts.down_proj", FusedExperts.DownTurned),
        (".experts.gate_up_proj", FusedExperts.GateAboveUpOfGemma),
        (".experts.down_proj", FusedExperts.DownOfGemma),
        (".linear_attn.in_proj_qkvz", DeltaProjections.QueriesToGates),
        (".linear_attn.in_proj_ba", DeltaProjections.BetasAndDecays),
    ];

    // Those of GGUF files; the first only where the architecture fuses queries and gates.
    private static readonly (string Stem, Rule Rule)[] s_ofGguf =
    [
        (".attn_q", FusedAttention.QueriesAndGatesOfGguf),
        (".ssm_in", DeltaProjections.QueriesToGatesOfGguf),
        (".ssm_ba", DeltaProjections.BetasAndDecaysOfGguf),
        (".ffn_gate_up_exps", FusedExperts.GateAboveUpOfGguf),
    ];

    /// <summary>Whether a tensor of this name is taken apart in some family of a checkpoint.</summary>
    public static bool MayConcern(string name) => Find(s_rules, name) is not null;

    /// <summary>Whether a tensor of this name is taken apart in GGUF files of an architecture.</summary>
    public static bool MayConcern(string name, GgufFamily family) => Find(s_ofGguf, name) is { } found
        && (family.FusesOutputGate || found.Ending.StartsWith(".ffn", StringComparison.Ordinal));

    /// <summary>What stands in the place of a tensor; nothing where it stays as it is.</summary>
    /// <exception cref="InferometerException">Its shape does not fit the configuration.</exception>
    public static IReadOnlyList<PackedWeight> Apply(ModelTensor tensor, ModelArchitecture model) => Apply(s_rules, tensor, model);

    /// <summary>The same of a GGUF file's tensor.</summary>
    /// <exception cref="InferometerException">Its shape does not fit the metadata.</exception>
    public static IReadOnlyList<PackedWeight> ApplyToGguf(ModelTensor tensor, ModelArchitecture model) =>
        Apply(s_ofGguf, tensor, model);

    private static IReadOnlyList<PackedWeight> Apply((string Stem, Rule Rule)[] rules, ModelTensor tensor, ModelArchitecture model)
    {
        if (Find(rules, tensor.Name) is not { } found)
        {
            return [];
        }

        Match number = LayerNumber().Match(tensor.Name);
        return number.Success && int.TryParse(number.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture, out int layer)
            && layer < model.LayerCount
                ? found.Rule(new FusedTensor(tensor, tensor.Name[..^found.Ending.Length], model, model.Layers[layer]))
                : [];
    }

    private static (Rule Rule, string Ending)? Find((string Stem, Rule Rule)[] rules, string name)
    {
        foreach ((string stem, Rule rule) in rules)
        {
            foreach (string ending in (ReadOnlySpan<string>)["", ".weight", ".bias"])
            {
                if (name.EndsWith(ending, StringComparison.Ordinal)
                    && name.AsSpan(0, name.Length - ending.Length).EndsWith(stem, StringComparison.Ordinal))
                {
                    return (rule, stem + ending);
                }
            }
        }

        return null;
    }

    [GeneratedRegex(@"\.(?<layer>\d+)\.", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LayerNumber();
}
