using System.Globalization;
using System.Text.RegularExpressions;
using Inferometer.Core;
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
        (".linear_attn.in_proj_qkvz", DeltaProjections.QueriesToGates),
        (".linear_attn.in_proj_ba", DeltaProjections.BetasAndDecays),
    ];

    /// <summary>Whether a tensor of this name is taken apart in some family.</summary>
    public static bool MayConcern(string name) => Find(name) is not null;

    /// <summary>What stands in the place of a tensor; nothing where it stays as it is.</summary>
    /// <exception cref="InferometerException">Its shape does not fit the configuration.</exception>
    public static IReadOnlyList<PackedWeight> Apply(ModelTensor tensor, ModelArchitecture model)
    {
        if (Find(tensor.Name) is not { } found)
        {
            return [];
        }

        Match number = LayerNumber().Match(tensor.Name);
        return number.Success && int.TryParse(number.Groups["layer"].ValueSpan, CultureInfo.InvariantCulture, out int layer)
            && layer < model.LayerCount
                ? found.Rule(new FusedTensor(tensor, tensor.Name[..^found.Ending.Length], model, model.Layers[layer]))
                : [];
    }

    private static (Rule Rule, string Ending)? Find(string name)
    {
        foreach ((string stem, Rule rule) in s_rules)
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
