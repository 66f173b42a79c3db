using Inferometer.Core.Models;

namespace Inferometer.Cpu.States;

/// <summary>
/// Where the state of each layer lies in a sequence's state: the latest inputs of its causal convolution, [taps - 1, channels], and behind
/// them the state of its recurrence.
/// </summary>
internal sealed class StateLayout
{
    private readonly long[] _offsets;

    private StateLayout(long[] offsets, long floats) => (_offsets, Floats) = (offsets, floats);

    /// <summary>Numbers of the whole state.</summary>
    public long Floats { get; }

    /// <summary>Bytes of the whole state.</summary>
    public long Bytes => Floats * sizeof(float);

    /// <summary>The layout of a network, or null where no layer keeps a state.</summary>
    public static StateLayout? Of(ModelArchitecture architecture)
    {
        var offsets = new long[architecture.LayerCount + 1];
        for (int layer = 0; layer < architecture.LayerCount; layer++)
        {
            (long inputs, long recurrence) = Sizes(architecture.Layers[layer].Mixer);
            offsets[layer + 1] = offsets[layer] + ((inputs + recurrence + 15) / 16 * 16);
        }

        return offsets[^1] == 0 ? null : new StateLayout(offsets, offsets[^1]);
    }

    /// <summary>First number of a layer's state.</summary>
    public long OffsetOf(int layer) => _offsets[layer];

    /// <summary>Numbers of a layer's state.</summary>
    public long FloatsOf(int layer) => _offsets[layer + 1] - _offsets[layer];

    /// <summary>Channels of the convolution of a layer, and numbers of its recurrence.</summary>
    private static (long Inputs, long Recurrence) Sizes(TokenMixer? mixer) => mixer switch
    {
        GatedDeltaMixer m => (
            (m.ConvolutionTaps - 1L) * ((2L * m.KeyHeads * m.KeyHeadDim) + ((long)m.ValueHeads * m.ValueHeadDim)),
            (long)m.ValueHeads * m.KeyHeadDim * m.ValueHeadDim),
        MambaMixer m => (
            (m.ConvolutionTaps - 1L) * (((long)m.Heads * m.HeadDim) + (2L * m.Groups * m.StateSize)),
            (long)m.Heads * m.HeadDim * m.StateSize),
        RecurrentMixer m => ((m.ConvolutionTaps - 1L) * m.ConvolutionChannels, m.StateElements),
        _ => (0, 0),
    };
}
