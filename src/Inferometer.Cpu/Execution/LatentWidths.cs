using System.Runtime.InteropServices;
using Inferometer.Core.Models;

namespace Inferometer.Cpu.Execution;

/// <summary>Widest rows of latent attention over the layers of a model.</summary>
/// <param name="QueryRank">Compressed queries.</param>
/// <param name="Queries">Queries of all heads.</param>
/// <param name="Latent">Latent and rotary key.</param>
/// <param name="Absorbed">Queries of all heads in the space of latent and rotary key.</param>
/// <param name="Attended">Latents that the heads attended to.</param>
/// <param name="Values">Values of all heads.</param>
/// <param name="Head">One head's part, in whichever space.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LatentWidths(int QueryRank, int Queries, int Latent, int Absorbed, int Attended, int Values, int Head)
{
    /// <summary>Numbers per token.</summary>
    public long Total => (long)QueryRank + Queries + Latent + Absorbed + Attended + Values + Head;

    public static LatentWidths Of(ModelArchitecture architecture)
    {
        LatentWidths widths = default;
        foreach (LatentAttentionMixer m in architecture.Layers.Select(layer => layer.Mixer).OfType<LatentAttentionMixer>().Distinct())
        {
            int latent = m.KvRank + m.RopeHeadDim;
            widths = new(
                Math.Max(widths.QueryRank, m.QueryRank), Math.Max(widths.Queries, m.Heads * (m.NopeHeadDim + m.RopeHeadDim)),
                Math.Max(widths.Latent, latent), Math.Max(widths.Absorbed, m.Heads * latent),
                Math.Max(widths.Attended, m.Heads * m.KvRank), Math.Max(widths.Values, m.Heads * m.ValueHeadDim),
                Math.Max(widths.Head, Math.Max(m.KvRank, Math.Max(m.NopeHeadDim, m.ValueHeadDim))));
        }

        return widths;
    }
}
