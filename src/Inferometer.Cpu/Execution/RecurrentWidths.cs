using System.Runtime.InteropServices;
using Inferometer.Core.Models;

namespace Inferometer.Cpu.Execution;

/// <summary>Widest rows of the mixers with a state over the layers of a model.</summary>
/// <param name="Projected">Everything that one matrix projects (Mamba, short convolution).</param>
/// <param name="Channels">Channels of the convolution.</param>
/// <param name="Gates">Output gates of the delta rule.</param>
/// <param name="Heads">Heads of the delta rule.</param>
/// <param name="Mixed">What comes out of the recurrence.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RecurrentWidths(int Projected, int Channels, int Gates, int Heads, int Mixed)
{
    /// <summary>Numbers per token.</summary>
    public long Total => (long)Projected + (2L * Channels) + Gates + (2L * Heads) + Mixed;

    public static RecurrentWidths Of(ModelArchitecture architecture)
    {
        RecurrentWidths widths = default;
        foreach (LayerArchitecture layer in architecture.Layers)
        {
            RecurrentWidths own = layer.Mixer switch
            {
                GatedDeltaMixer m => new(
                    0, (2 * m.KeyHeads * m.KeyHeadDim) + (m.ValueHeads * m.ValueHeadDim), m.ValueHeads * m.ValueHeadDim, m.ValueHeads,
                    m.ValueHeads * m.ValueHeadDim),
                MambaMixer m => OfMamba(m.Heads * m.HeadDim, (m.Heads * m.HeadDim) + (2 * m.Groups * m.StateSize), m.Heads),
                RecurrentMixer m => new(3 * architecture.HiddenSize, m.ConvolutionChannels, 0, 0, architecture.HiddenSize),
                _ => default,
            };
            widths = new(
                Math.Max(widths.Projected, own.Projected), Math.Max(widths.Channels, own.Channels), Math.Max(widths.Gates, own.Gates),
                Math.Max(widths.Heads, own.Heads), Math.Max(widths.Mixed, own.Mixed));
        }

        return widths;
    }

    private static RecurrentWidths OfMamba(int inner, int channels, int heads) => new(inner + channels + heads, channels, 0, 0, inner);
}
