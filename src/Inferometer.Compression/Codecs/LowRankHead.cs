namespace Inferometer.Compression.Codecs;

/// <summary>How one KV head of one layer is stored as latents.</summary>
/// <param name="Keys">Basis of keys before their rotary rotation.</param>
/// <param name="KeyFormat">How key latents are stored.</param>
/// <param name="Values">Basis of values.</param>
/// <param name="ValueFormat">How value latents are stored.</param>
public sealed record LowRankHead(LatentBasis Keys, LatentFormat KeyFormat, LatentBasis Values, LatentFormat ValueFormat)
{
    /// <summary>Bytes of a token, scales included.</summary>
    public int BytesPerToken => KeyFormat.BytesPerToken + ValueFormat.BytesPerToken;
}
