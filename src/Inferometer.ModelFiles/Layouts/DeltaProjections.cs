using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Layouts;

/// <summary>
/// Qwen3-Next's projections of the gated delta rule: for every key head its queries, keys, and the values and gates of its value heads.
/// Qwen3.5 has them as they are wanted: queries, keys and values above one another, everything else alone.
/// </summary>
internal static class DeltaProjections
{
    public static IReadOnlyList<PackedWeight> QueriesToGates(FusedTensor tensor) =>
        QueriesToGates(tensor, "linear_attn.in_proj_qkv", "linear_attn.in_proj_z");

    /// <summary>Under the names of GGUF files; those of 2025 have the tensor.</summary>
    public static IReadOnlyList<PackedWeight> QueriesToGatesOfGguf(FusedTensor tensor) =>
        QueriesToGates(tensor, "attn_qkv", "attn_gate");

    /// <summary>For every key head the betas and then the decays of its value heads.</summary>
    public static IReadOnlyList<PackedWeight> BetasAndDecays(FusedTensor tensor) =>
        BetasAndDecays(tensor, "linear_attn.in_proj_b", "linear_attn.in_proj_a");

    /// <summary>Under the names of GGUF files.</summary>
    public static IReadOnlyList<PackedWeight> BetasAndDecaysOfGguf(FusedTensor tensor) => BetasAndDecays(tensor, "ssm_beta", "ssm_alpha");

    private static IReadOnlyList<PackedWeight> QueriesToGates(FusedTensor tensor, string inputs, string gates)
    {
        if (tensor.Layer.Mixer is not GatedDeltaMixer mixer)
        {
            return [];
        }

        long key = mixer.KeyHeadDim, values = (long)mixer.ValueHeads / mixer.KeyHeads * mixer.ValueHeadDim;
        long group = 2 * (key + values), keys = mixer.KeyHeads * key, allValues = mixer.KeyHeads * values;
        tensor.RequireOutputs(mixer.KeyHeads * group);
        long Of(long output, long width, long first) => (output / width * group) + first + (output % width);
        return
        [
            tensor.Part(
                inputs, (2 * keys) + allValues,
                output => output < keys ? Of(output, key, 0)
                    : output < 2 * keys ? Of(output - keys, key, key)
                    : Of(output - (2 * keys), values, 2 * key)),
            tensor.Part(gates, allValues, output => Of(output, values, (2 * key) + values)),
        ];
    }

    private static IReadOnlyList<PackedWeight> BetasAndDecays(FusedTensor tensor, string betas, string decays)
    {
        if (tensor.Layer.Mixer is not GatedDeltaMixer mixer)
        {
            return [];
        }

        long heads = mixer.ValueHeads / mixer.KeyHeads;
        tensor.RequireOutputs(2L * mixer.ValueHeads);
        return
        [
            tensor.Part(betas, mixer.ValueHeads, output => (output / heads * 2 * heads) + (output % heads)),
            tensor.Part(decays, mixer.ValueHeads, output => (((output / heads * 2) + 1) * heads) + (output % heads)),
        ];
    }
}
