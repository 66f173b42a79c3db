using System.Runtime.InteropServices;
using Inferometer.Core.Models;

namespace Inferometer.Core.Caching;

/// <summary>
/// What storing keys and values in other than their plain form costs, beside attention over plain ones: of one vector, a layer or a whole
/// model, as costs add up. <see cref="KvCodecFormulas"/> computes it; the codecs that run and the simulator that predicts take it from
/// there.
/// </summary>
/// <param name="Bytes">Bytes per token, scales included.</param>
/// <param name="WriteFlops">Floating-point operations to store one token.</param>
/// <param name="ReadFlops">Floating-point operations each time a step reads one token.</param>
/// <param name="QueryFlops">Floating-point operations per query token: transforms of the query before attention and of the mixed value
/// after it.</param>
/// <param name="PairFlops">Floating-point operations added per pair of query and cached token; negative where what is mixed is narrower
/// than a value.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct KvCodecCost(double Bytes, double WriteFlops, double ReadFlops, double QueryFlops, double PairFlops)
{
    /// <summary>Both together.</summary>
    public static KvCodecCost operator +(KvCodecCost left, KvCodecCost right) => left.Add(right);

    /// <summary>So many of it.</summary>
    public static KvCodecCost operator *(double count, KvCodecCost cost) => cost.Times(count);

    /// <summary>Both together.</summary>
    public KvCodecCost Add(KvCodecCost other) => new(
        Bytes + other.Bytes, WriteFlops + other.WriteFlops, ReadFlops + other.ReadFlops, QueryFlops + other.QueryFlops,
            PairFlops + other.PairFlops);

    /// <summary>So many of it.</summary>
    public KvCodecCost Times(double count) =>
        new(count * Bytes, count * WriteFlops, count * ReadFlops, count * QueryFlops, count * PairFlops);

    /// <summary>
    /// The same storage read by so many query heads for each head stored; what the work per query and pair is multiplied by.
    /// </summary>
    public KvCodecCost SharedBy(double queryHeads) => this with
    {
        QueryFlops = queryHeads * QueryFlops,
        PairFlops = queryHeads * PairFlops,
    };

    /// <summary>Sums layers of softmax attention, every KV head read by its group of query heads.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ofLayer">Cost of all KV heads of a layer, with one query head for each; called with the layer's index and
    /// attention.</param>
    public static KvCodecCost OfModel(ModelArchitecture model, Func<int, AttentionMixer, KvCodecCost> ofLayer)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(ofLayer);
        KvCodecCost sum = default;
        for (int layer = 0; layer < model.Layers.Count; layer++)
        {
            if (model.Layers[layer].Mixer is AttentionMixer mixer)
            {
                sum += ofLayer(layer, mixer).SharedBy((double)mixer.Heads / mixer.KvHeads);
            }
        }

        return sum;
    }
}
