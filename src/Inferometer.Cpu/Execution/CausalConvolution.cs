using System.Numerics.Tensors;
using Inferometer.Cpu.States;
using Inferometer.Cpu.Weights;
using Inferometer.Runners;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// Depthwise causal convolution over the tokens of each sequence of a step. What came before a step is in the sequence's state: the latest
/// taps - 1 inputs, the oldest first.
/// </summary>
internal static class CausalConvolution
{
    /// <summary>Convolves one row.</summary>
    /// <param name="layout">The step.</param>
    /// <param name="states">States of its sequences, not moved on yet.</param>
    /// <param name="layer">Layer.</param>
    /// <param name="weights">Taps and bias.</param>
    /// <param name="inputs">[tokens, channels].</param>
    /// <param name="row">The row.</param>
    /// <param name="output">[channels].</param>
    public static void ApplyRow(
        StepLayout layout, StateCache states, int layer, RecurrentWeights weights, float[] inputs, int row, Span<float> output)
    {
        int channels = output.Length, taps = weights.Taps.Length / channels;
        int sequence = layout.Sequences[row], place = row - layout.FirstTokens[sequence];
        ReadOnlySpan<float> past = states.StateOf(sequence, layer);
        if (weights.TapBias is { } bias)
        {
            bias.CopyTo(output);
        }
        else
        {
            output.Clear();
        }

        for (int tap = 0; tap < taps; tap++)
        {
            int back = taps - 1 - tap;
            ReadOnlySpan<float> input = back <= place
                ? inputs.AsSpan((row - back) * channels, channels)
                : past.Slice((taps - 1 - (back - place)) * channels, channels);
            TensorPrimitives.MultiplyAdd(input, weights.Taps.AsSpan(tap * channels, channels), output, output);
        }
    }

    /// <summary>Moves the states on over the step's inputs, once all rows are convolved.</summary>
    public static void Advance(StepLayout layout, StateCache states, int layer, float[] inputs, int channels, int taps)
    {
        for (int sequence = 0; sequence < layout.Batch.Count; sequence++)
        {
            SequenceSlice slice = layout.Batch[sequence];
            Span<float> state = states.StateOf(sequence, layer);
            Span<float> border = states.BorderStateOf(sequence, layer);
            ReadOnlySpan<float> rows = inputs.AsSpan(layout.FirstTokens[sequence] * channels, slice.Tokens.Length * channels);
            int kept = (taps - 1) * channels;
            if (!border.IsEmpty)
            {
                int seen = states.BorderOf(slice) - slice.PastTokens;
                Latest(state[..kept], rows[..(seen * channels)], border[..kept]);
            }

            Latest(state[..kept], rows, state[..kept]);
        }
    }

    // The end of what was before with what came, in order; the target may be what was before.
    private static void Latest(ReadOnlySpan<float> before, ReadOnlySpan<float> came, Span<float> target)
    {
        if (came.Length >= target.Length)
        {
            came[^target.Length..].CopyTo(target);
            return;
        }

        before[came.Length..].CopyTo(target);
        came.CopyTo(target[^came.Length..]);
    }
}
