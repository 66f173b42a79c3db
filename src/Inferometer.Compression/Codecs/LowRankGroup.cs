namespace Inferometer.Compression.Codecs;

/// <summary>
/// How one KV head of a layer, or a group of neighbouring heads that share latents, is stored. Vectors of a group are those of its heads
/// one after another.
/// </summary>
/// <param name="Keys">Basis of keys before their rotary rotation, as wide as all heads of the group.</param>
/// <param name="KeyFormat">How key latents are stored.</param>
/// <param name="Values">Basis of values, as wide as all heads of the group.</param>
/// <param name="ValueFormat">How value latents are stored.</param>
public sealed record LowRankGroup(LatentBasis Keys, LatentFormat KeyFormat, LatentBasis Values, LatentFormat ValueFormat)
{
    /// <summary>Bytes of a token, all heads of the group, scales included.</summary>
    public int BytesPerToken => KeyFormat.BytesPerToken + ValueFormat.BytesPerToken;
}
