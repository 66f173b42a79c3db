using System.Numerics;

namespace Inferometer.Scheduling.Blocks;

/// <summary>
/// 128-bit hash chain over token blocks: the hash of a block covers the cache salt and every token before and in it, so equal
/// hashes mean equal prefixes. The mixing is that of MurmurHash3 for 64-bit machines, four tokens a round; a hit is still verified against
/// the token ids.
/// </summary>
public static class BlockHash
{
    private const ulong FirstFactor = 0x87c37b91114253d5;
    private const ulong SecondFactor = 0x4cf5ad432745937f;

    /// <summary>Start of a chain. Requests with different salts (for example different adapters) share nothing.</summary>
    /// <param name="salt">Cache salt of the request; 0 = none.</param>
    /// <param name="seed">Seed of the pool.</param>
    public static UInt128 Root(ulong salt, ulong seed) => new(Finish(salt ^ FirstFactor), Finish(seed + SecondFactor));

    /// <summary>Hash of the block that follows <paramref name="parent"/> and holds <paramref name="tokens"/>.</summary>
    public static UInt128 Next(UInt128 parent, ReadOnlySpan<int> tokens)
    {
        ulong low = (ulong)parent;
        ulong high = (ulong)(parent >> 64);
        ReadOnlySpan<int> rest = tokens;
        for (; rest.Length >= 4; rest = rest[4..])
        {
            Mix(ref low, ref high, Pair(rest[0], rest[1]), Pair(rest[2], rest[3]));
        }

        if (rest.Length > 0)
        {
            Mix(ref low, ref high, Pair(rest[0], rest.Length > 1 ? rest[1] : 0), Pair(rest.Length > 2 ? rest[2] : 0, 0));
        }

        low ^= (ulong)tokens.Length;
        high ^= (ulong)tokens.Length;
        low += high;
        high += low;
        low = Finish(low);
        high = Finish(high);
        low += high;
        high += low;
        return new UInt128(high, low);
    }

    private static ulong Pair(int first, int second) => (uint)first | ((ulong)(uint)second << 32);

    private static void Mix(ref ulong low, ref ulong high, ulong first, ulong second)
    {
        low ^= BitOperations.RotateLeft(first * FirstFactor, 31) * SecondFactor;
        low = ((BitOperations.RotateLeft(low, 27) + high) * 5) + 0x52dce729;
        high ^= BitOperations.RotateLeft(second * SecondFactor, 33) * FirstFactor;
        high = ((BitOperations.RotateLeft(high, 31) + low) * 5) + 0x38495ab5;
    }

    private static ulong Finish(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
        value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
        return value ^ (value >> 33);
    }
}
