using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Layouts;

/// <summary>Projections of attention that families fuse or transpose.</summary>
internal static class FusedAttention
{
    /// <summary>
    /// For every key/value head its query heads, its key and its value: GPT-NeoX (one query head each) and Falcon (all of them for one, or
    /// a group for each).
    /// </summary>
    public static IReadOnlyList<PackedWeight> ByGroups(FusedTensor tensor)
    {
        if (tensor.Layer.Mixer is not AttentionMixer mixer)
        {
            return [];
        }

        int width = mixer.HeadDim, queries = mixer.Heads / mixer.KvHeads;
        long group = (queries + 2L) * width;
        tensor.RequireOutputs(mixer.KvHeads * group);
        long Of(long output, int heads, int first) =>
            (output / ((long)heads * width) * group) + ((long)first * width) + (output % ((long)heads * width));
        return
        [
            tensor.Part("self_attn.q_proj", (long)mixer.Heads * width, output => Of(output, queries, 0)),
            tensor.Part("self_attn.k_proj", (long)mixer.KvHeads * width, output => Of(output, 1, queries)),
            tensor.Part("self_attn.v_proj", (long)mixer.KvHeads * width, output => Of(output, 1, queries + 1)),
        ];
    }

    /// <summary>GPT-2: queries, keys and values side by side in a matrix [inputs, outputs].</summary>
    public static IReadOnlyList<PackedWeight> Columns(FusedTensor tensor)
    {
        if (tensor.Model.ModelType is not "gpt2" || tensor.Layer.Mixer is not AttentionMixer mixer)
        {
            return [];
        }

        long outputs = (long)mixer.Heads * mixer.HeadDim, total = tensor.Tensor.Columns;
        if (total != 3 * outputs)
        {
            throw tensor.Wrong($"{3 * outputs} columns");
        }

        PackedWeight Third(string name, long first) => tensor.IsBias
            ? tensor.Part(name, outputs, output => first + output)
            : new GatheredElements(
                tensor.Tensor, $"{tensor.Prefix}.{name}.weight", [outputs, tensor.Tensor.Rows],
                (row, column) => (column * total) + first + row);
        return [Third("self_attn.q_proj", 0), Third("self_attn.k_proj", outputs), Third("self_attn.v_proj", 2 * outputs)];
    }

    /// <summary>GPT-2: matrices are [inputs, outputs].</summary>
    public static IReadOnlyList<PackedWeight> Transposed(FusedTensor tensor)
    {
        if (tensor.Model.ModelType is not "gpt2" || tensor.IsBias)
        {
            return [];
        }

        long inputs = tensor.Tensor.Rows, outputs = tensor.Tensor.Columns;
        return
        [
            new GatheredElements(
                tensor.Tensor, tensor.Tensor.Name, [outputs, inputs], (row, column) => (column * outputs) + row),
        ];
    }

    /// <summary>Qwen3-Next: for every head its queries and the gates on its output.</summary>
    public static IReadOnlyList<PackedWeight> QueriesAndGates(FusedTensor tensor) =>
        QueriesAndGates(tensor, "self_attn.q_proj", "self_attn.gate_proj");

    /// <summary>Under the names of GGUF files.</summary>
    public static IReadOnlyList<PackedWeight> QueriesAndGatesOfGguf(FusedTensor tensor) => QueriesAndGates(tensor, "attn_q", "attn_gate");

    private static IReadOnlyList<PackedWeight> QueriesAndGates(FusedTensor tensor, string query, string gate)
    {
        if (tensor.Layer.Mixer is not AttentionMixer { OutputGate: true } mixer)
        {
            return [];
        }

        int width = mixer.HeadDim;
        long outputs = (long)mixer.Heads * width;
        tensor.RequireOutputs(2 * outputs);
        return
        [
            tensor.Part(query, outputs, output => (output / width * 2 * width) + (output % width)),
            tensor.Part(gate, outputs, output => (((output / width * 2) + 1) * width) + (output % width)),
        ];
    }

    /// <summary>
    /// DeepSeek: for every head the keys and then the values that the latent gives. The keys' matrices are turned, to be multiplied with
    /// queries.
    /// </summary>
    public static IReadOnlyList<PackedWeight> KeysAndValuesOfLatent(FusedTensor tensor)
    {
        if (tensor.Layer.Mixer is not LatentAttentionMixer mixer)
        {
            return [];
        }

        long keys = mixer.NopeHeadDim, values = mixer.ValueHeadDim, rank = mixer.KvRank;
        tensor.RequireOutputs(mixer.Heads * (keys + values));
        return
        [
            new GatheredElements(
                tensor.Tensor, $"{tensor.Prefix}.self_attn.k_b_proj.weight", [mixer.Heads, rank, keys],
                (row, column) => (((row / rank * (keys + values)) + column) * rank) + (row % rank)),
            new GatheredRows(
                tensor.Tensor, $"{tensor.Prefix}.self_attn.v_b_proj.weight", [mixer.Heads, values, rank],
                row => (row / values * (keys + values)) + keys + (row % values)),
        ];
    }
}
