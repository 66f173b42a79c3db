using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.TensorNames;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>
/// How llama.cpp's files hold the weights of layers that keep a state: decay rates with their sign instead of their logarithm, convolutions
/// without the extent of one, and value heads of Qwen3.5 in turn over the key heads.
/// </summary>
internal static class StateConversion
{
    /// <summary>Roles of these layers.</summary>
    public static WeightRole[] Roles { get; } =
    [
        WeightRole.StateInput, WeightRole.StateGate, WeightRole.StateBeta, WeightRole.StateDecay, WeightRole.StateConvolution,
        WeightRole.StateRates, WeightRole.StateStepBias, WeightRole.StateSkip, WeightRole.StateNorm, WeightRole.StateOutput,
    ];

    /// <summary>The tensor of the new file.</summary>
    /// <param name="role">One of <see cref="Roles"/>.</param>
    /// <param name="stem">Its name in the new file, without ending.</param>
    /// <param name="tensor">The checkpoint's.</param>
    /// <param name="mixer">The layer's.</param>
    /// <param name="headsInTurn">Value heads are put in turn over the key heads.</param>
    public static ConvertedTensor Of(WeightRole role, string stem, ModelTensor tensor, TokenMixer? mixer, bool headsInTurn)
    {
        Func<long, long>? order = headsInTurn && mixer is GatedDeltaMixer delta && delta.KeyHeads != delta.ValueHeads
            ? row => InTurn(row, role, delta)
            : null;
        string ending = tensor.Name.EndsWith(".bias", StringComparison.Ordinal) || role == WeightRole.StateStepBias ? ".bias" : ".weight";
        if (tensor.ElementCount == tensor.Shape[0] && role != WeightRole.StateConvolution)
        {
            float[] values = tensor.DecodeAll();
            float[] ordered = [.. values.Select((_, i) => values[order is null || role == WeightRole.StateNorm ? i : order(i)])];
            return role switch
            {
                WeightRole.StateRates => new(stem, Column(ordered, mixer)) { Values = [.. ordered.Select(value => -MathF.Exp(value))] },
                WeightRole.StateSkip => new(stem, Column(ordered, mixer)) { Values = ordered },
                WeightRole.StateNorm when mixer is MambaMixer mamba =>
                    new(stem + ending, [mamba.Groups, ordered.Length / mamba.Groups]) { Values = ordered },
                _ => new(stem + ending, [ordered.Length]) { Values = ordered },
            };
        }

        long[] shape = role == WeightRole.StateConvolution && ending is ".weight"
            ? [tensor.Shape[0], tensor.ElementCount / tensor.Shape[0]]
            : [.. tensor.Shape];
        return role switch
        {
            WeightRole.StateConvolution when ending is ".weight" => new(stem + ending, shape) { Values = Rows(tensor, shape, order) },
            WeightRole.StateOutput when order is not null => new(stem + ending, shape)
            {
                Sources = [tensor],
                ColumnOrder = [.. Enumerable.Range(0, (int)tensor.Columns).Select(column => (int)order(column))],
            },
            _ => new(stem + ending, shape) { Sources = [tensor], RowOrder = role == WeightRole.StateOutput ? null : order },
        };
    }

    /// <summary>
    /// What stands at a place of what the delta rule's weights are about: for each place among the heads of a key head in turn the value
    /// heads of all key heads. Queries and keys stay in front.
    /// </summary>
    private static long InTurn(long place, WeightRole role, GatedDeltaMixer mixer)
    {
        bool hasKeys = role is WeightRole.StateInput or WeightRole.StateConvolution;
        long before = hasKeys ? 2L * mixer.KeyHeads * mixer.KeyHeadDim : 0;
        if (place < before)
        {
            return place;
        }

        bool perHead = role is WeightRole.StateBeta or WeightRole.StateDecay or WeightRole.StateRates or WeightRole.StateStepBias;
        int width = perHead ? 1 : mixer.ValueHeadDim;
        (long head, long within) = Math.DivRem(place - before, width);
        (long turn, long key) = Math.DivRem(head, mixer.KeyHeads);
        return before + (((key * (mixer.ValueHeads / mixer.KeyHeads)) + turn) * width) + within;
    }

    // Mamba's vectors are columns in such files.
    private static long[] Column(float[] values, TokenMixer? mixer) => mixer is MambaMixer ? [values.Length, 1] : [values.Length];

    private static float[] Rows(ModelTensor tensor, long[] shape, Func<long, long>? order)
    {
        float[] values = tensor.DecodeAll();
        int width = (int)shape[1];
        return order is null
            ? values
            : [.. Enumerable.Range(0, (int)shape[0]).SelectMany(row => values.AsSpan((int)order(row) * width, width).ToArray())];
    }
}
