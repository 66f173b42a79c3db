using Inferometer.Compression.Codecs;

namespace Inferometer.Compression.Profiles;

/// <summary>Keys or values of one head or head group, compressed under one profile.</summary>
/// <param name="Layer">Layer.</param>
/// <param name="HeadIdx">KV head; the head group where heads share latents.</param>
/// <param name="Profile"><c>none</c>, <c>low</c>, <c>med</c> or <c>high</c>.</param>
/// <param name="AreKeys">Keys before their rotation; otherwise values.</param>
/// <param name="Tokens">Vectors.</param>
/// <param name="Format">Latents of a vector and their bits.</param>
/// <param name="Data">Pages of 16 tokens as the cache stores values; the last one is filled up with zeros.</param>
public sealed record CompressedVectors(int Layer, int HeadIdx, string Profile, bool AreKeys, int Tokens, LatentFormat Format, byte[] Data)
{
    /// <summary>Latents per vector, a multiple of 16.</summary>
    public int Rank => Format.Width;

    /// <summary>Bytes per vector in whole pages, scales included.</summary>
    public int BytesPerToken => Format.BytesPerToken;
}
