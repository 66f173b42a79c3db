namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>Tokens that may follow.</summary>
/// <param name="Bits">A bit per token.</param>
/// <param name="MaximumCost">Tokens of the longest of the shortest completions behind them.</param>
internal sealed record TokenMask(ulong[] Bits, int MaximumCost)
{
    /// <summary>Sets the logits of all other tokens to negative infinity.</summary>
    public void Apply(Span<float> logits)
    {
        int words = Math.Min(Bits.Length, (logits.Length + 63) / 64);
        for (int word = 0; word < words; word++)
        {
            ulong bits = Bits[word];
            Span<float> some = logits.Slice(word * 64, Math.Min(64, logits.Length - (word * 64)));
            if (bits == 0)
            {
                some.Fill(float.NegativeInfinity);
            }
            else if (bits != ulong.MaxValue)
            {
                for (int i = 0; i < some.Length; i++)
                {
                    some[i] = (bits >> i & 1) != 0 ? some[i] : float.NegativeInfinity;
                }
            }
        }

        if (logits.Length > words * 64)
        {
            logits[(words * 64)..].Fill(float.NegativeInfinity);
        }
    }
}
