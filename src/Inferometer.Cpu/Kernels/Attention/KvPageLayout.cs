namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>
/// How the keys and values of 16 tokens of one layer lie in a cache page. Per KV head, one after the other: keys [keyDim][16 tokens], so
/// that scores of 16 tokens come out side by side without adding across a vector; then values [16 tokens][valueDim rounded up to 16].
/// </summary>
/// <param name="KvHeads">KV heads; 0 for a layer that keeps no keys and values.</param>
/// <param name="KeyDim">Width of a key; 0 where values are kept alone.</param>
/// <param name="ValueDim">Width of a value; 0 where a part of the key is the value.</param>
/// <param name="Element">Number format.</param>
public sealed unsafe record KvPageLayout(int KvHeads, int KeyDim, int ValueDim, KvElement Element)
{
    /// <summary>Tokens in a page.</summary>
    public const int PageTokens = 16;

    /// <summary>Width of a stored value: padded so that vectors never cross into the next token.</summary>
    public int PaddedValueDim => (ValueDim + 15) / 16 * 16;

    /// <summary>Bytes of one number.</summary>
    public int ElementBytes => Element == KvElement.F32 ? sizeof(float) : sizeof(ushort);

    /// <summary>Bytes of a page: one layer, 16 tokens, all KV heads.</summary>
    public long PageBytes => (long)KvHeads * HeadBytes;

    private long HeadBytes => (long)PageTokens * (KeyDim + PaddedValueDim) * ElementBytes;

    /// <summary>Writes the keys and values of one token; f16 pages round to nearest.</summary>
    /// <param name="page">First byte of the page, aligned to 64.</param>
    /// <param name="slot">Place in the page, 0 to 15.</param>
    /// <param name="keys">[KvHeads][KeyDim].</param>
    /// <param name="values">[KvHeads][ValueDim].</param>
    public void StoreToken(byte* page, int slot, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)PageTokens, nameof(slot));
        SpanGuard.HasRoom(keys, KvHeads * KeyDim);
        SpanGuard.HasRoom(values, KvHeads * ValueDim);
        for (int head = 0; head < KvHeads; head++)
        {
            Store(KeysOf(page, head), slot, PageTokens, keys.Slice(head * KeyDim, KeyDim));
            Store(ValuesOf(page, head), slot * PaddedValueDim, 1, values.Slice(head * ValueDim, ValueDim));
        }
    }

    /// <summary>Reads the keys and values of one token back.</summary>
    /// <param name="page">First byte of the page.</param>
    /// <param name="slot">Place in the page, 0 to 15.</param>
    /// <param name="keys">[KvHeads][KeyDim].</param>
    /// <param name="values">[KvHeads][ValueDim].</param>
    public void LoadToken(byte* page, int slot, Span<float> keys, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)PageTokens, nameof(slot));
        for (int head = 0; head < KvHeads; head++)
        {
            Load(KeysOf(page, head), slot, PageTokens, keys.Slice(head * KeyDim, KeyDim));
            Load(ValuesOf(page, head), slot * PaddedValueDim, 1, values.Slice(head * ValueDim, ValueDim));
        }
    }

    /// <summary>Keys of one KV head: [KeyDim][16].</summary>
    public byte* KeysOf(byte* page, int kvHead) => page + kvHead * HeadBytes;

    /// <summary>Values of one KV head: [16][PaddedValueDim].</summary>
    public byte* ValuesOf(byte* page, int kvHead) => page + kvHead * HeadBytes + (long)PageTokens * KeyDim * ElementBytes;

    private void Store(byte* target, int start, int stride, ReadOnlySpan<float> source)
    {
        if (Element == KvElement.F32)
        {
            float* floats = (float*)target + start;
            for (int i = 0; i < source.Length; i++)
            {
                floats[(long)i * stride] = source[i];
            }
        }
        else
        {
            ushort* halves = (ushort*)target + start;
            for (int i = 0; i < source.Length; i++)
            {
                halves[(long)i * stride] = BitConverter.HalfToUInt16Bits((Half)source[i]);
            }
        }
    }

    private void Load(byte* source, int start, int stride, Span<float> target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = Element == KvElement.F32
                ? ((float*)source)[start + (long)i * stride]
                : (float)BitConverter.UInt16BitsToHalf(((ushort*)source)[start + (long)i * stride]);
        }
    }
}
