using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;

namespace Inferometer.Core.Gguf;

/// <content>What Gemma 3n and 4 have beside the usual parts.</content>
internal sealed partial class GgufArchitectureBuilder
{
    // The blocks that are counted may end with layers of multi-token prediction, which reuse nothing.
    private bool ReusesCache(int layer)
    {
        int blocks = Int("block_count", Limits.Layers), shared = IntOr(0, "attention.shared_kv_layers", 0, blocks);
        return shared > 0 && layer >= blocks - shared;
    }

    private LayerInputs? LayerInputs(int layers)
    {
        int width = IntOr(0, "embedding_length_per_layer_input", 0, Limits.Width);
        if (width == 0)
        {
            return null;
        }

        GgufTensorInfo table = Tensor("per_layer_token_embd.weight");
        return table.Shape.Count == 2 && table.Shape[0] == (long)width * layers && table.Shape[1] <= Limits.Vocabulary
            ? new LayerInputs(width, (int)table.Shape[1])
            : throw Wrong(
                $"'per_layer_token_embd.weight' is [{string.Join(", ", table.Shape)}]; it should be [{(long)width * layers}, vocabulary]");
    }

    private AlternatingUpdates? Updates()
    {
        int streams = IntOr(0, "altup.num_inputs", 0, 64);
        return streams == 0 ? null : new AlternatingUpdates(
            streams, IntOr(0, "altup.active_idx", 0, streams - 1), (int)Width(0, "laurel_l.weight"), Has(0, "altup_correct_scale.weight"));
    }

    private IEnumerable<SidePart> Parts(LayerInputs? inputs, AlternatingUpdates? updates, int layers)
    {
        if (inputs is not null)
        {
            yield return new("per-layer embeddings", (long)inputs.Rows * inputs.Width * layers, SidePartUse.LookedUp);
            yield return new(
                "per-layer input projection", ((long)_hidden * inputs.Width * layers) + inputs.Width, SidePartUse.Multiplied);
        }

        if (updates is not null)
        {
            yield return new(
                "projections between residual streams", 2L * (updates.Streams - 1) * _hidden * _hidden, SidePartUse.Multiplied);
        }
    }

    private IEnumerable<SidePart> PartsOfLayer(int layer)
    {
        if (Updates() is { } updates)
        {
            yield return new("alternating updates", GemmaParts.UpdateParameters(updates.Streams, _hidden), SidePartUse.Multiplied);
            yield return new("low-rank residual", (2L * updates.BranchRank * _hidden) + _hidden, SidePartUse.Multiplied);
        }

        if (_family.Activation == ActivationKind.XIelu)
        {
            yield return new("activation slopes", 2, SidePartUse.Applied);
        }

        if (Has(layer, "inp_gate.weight"))
        {
            yield return new("per-layer input", (2 * Width(layer, "inp_gate.weight") * _hidden) + _hidden, SidePartUse.Multiplied);
        }
    }

    /// <summary>
    /// xIELU's slopes above and below zero, before their softplus: a list with an entry for each layer, or one number for all. The keys
    /// have no architecture before them.
    /// </summary>
    private EquatableList<double> Slopes(int layer)
    {
        if (_family.Activation != ActivationKind.XIelu)
        {
            return [];
        }

        double Of(string key)
        {
            GgufValue value = _header.Metadata.GetValueOrDefault(key) ?? throw Wrong($"the metadata '{key}' is missing");
            return (value.Kind == GgufValueKind.Array ? value.AsDoubles() is { } all && layer < all.Length ? all[layer] : null
                : value.AsDouble()) ?? throw Wrong($"the metadata '{key}' should be a number, or one for each layer");
        }

        return Of("xielu.beta") is 0.5
            ? [Of("xielu.alpha_p"), Of("xielu.alpha_n")]
            : throw Wrong($"the metadata 'xielu.beta' is {Of("xielu.beta")}; the activation is known with 0.5");
    }

    // Files give standard deviations above the mean, minus infinity for none.
    private double? GateCutoff(int layer) => !_header.Metadata.TryGetValue(Key("activation_sparsity_scale"), out GgufValue? scales) ? null
        : scales.AsDoubles() is not { } all || layer >= all.Length
            ? throw Wrong($"the metadata '{Key("activation_sparsity_scale")}' should have a number for each layer")
        : double.IsFinite(all[layer]) ? all[layer]
        : null;
}
