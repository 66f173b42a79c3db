using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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
                Keep(some, bits);
            }
        }

        if (logits.Length > words * 64)
        {
            logits[(words * 64)..].Fill(float.NegativeInfinity);
        }
    }

    /// <summary>Keeps the logits whose bits are set, eight at a time: a vocabulary has a hundred thousand, once per token.</summary>
    private static void Keep(Span<float> some, ulong bits)
    {
        Vector256<uint> lanes = Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128);
        ref float first = ref MemoryMarshal.GetReference(some);
        int i = 0;
        for (; i <= some.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            Vector256<uint> kept = Vector256.Equals(Vector256.Create((uint)(byte)(bits >> i)) & lanes, lanes);
            Vector256.ConditionalSelect(
                kept.AsSingle(), Vector256.LoadUnsafe(ref first, (nuint)i), Vector256.Create(float.NegativeInfinity))
                .StoreUnsafe(ref first, (nuint)i);
        }

        for (; i < some.Length; i++)
        {
            some[i] = (bits >> i & 1) != 0 ? some[i] : float.NegativeInfinity;
        }
    }
}
