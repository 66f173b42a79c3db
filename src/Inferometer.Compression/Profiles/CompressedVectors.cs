namespace Inferometer.Compression.Profiles;

/// <summary>Keys or values of one head, compressed under one profile.</summary>
/// <param name="Layer">Layer.</param>
/// <param name="Head">KV head.</param>
/// <param name="Profile"><c>none</c>, <c>low</c>, <c>med</c> or <c>high</c>.</param>
/// <param name="AreKeys">Keys before their rotation; otherwise values.</param>
/// <param name="Tokens">Vectors.</param>
/// <param name="Rank">Latents per vector; the width of the head under <c>none</c>.</param>
/// <param name="Latents">[tokens, rank].</param>
public sealed record CompressedVectors(int Layer, int Head, string Profile, bool AreKeys, int Tokens, int Rank, Half[] Latents)
{
    /// <summary>Bytes per vector.</summary>
    public int BytesPerToken => Rank * 2;
}
