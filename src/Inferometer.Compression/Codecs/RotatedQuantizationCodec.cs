using Inferometer.Core;
using Inferometer.Core.Caching;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// Keys (after their rotary rotation) and values turned by a Hadamard transform per head, then stored as blocks of 32 small integers with a
/// scale. The query is turned once instead of the keys back, and the mixed value once instead of all values. Needs no calibration.
/// </summary>
public sealed unsafe class RotatedQuantizationCodec : CompressedKvCodec
{
    private readonly LatentFormat _keys;
    private readonly LatentFormat _values;
    private readonly int _bits;

    /// <summary>A codec for one layer.</summary>
    /// <param name="exact">Layout of the layer's exact pages.</param>
    /// <param name="bits">8 or 4.</param>
    /// <exception cref="InferometerException">Other bits.</exception>
    public RotatedQuantizationCodec(KvPageLayout exact, int bits)
        : base(exact, Padded(exact.KeyDim), Padded(exact.ValueDim))
    {
        if (bits is not (4 or 8))
        {
            throw new InferometerException($"rotated quantisation to {bits} bits: allowed are 4 and 8.");
        }

        _bits = bits;
        _keys = LatentFormat.Uniform(exact.KeyDim, bits);
        _values = LatentFormat.Uniform(exact.ValueDim, bits);
    }

    /// <inheritdoc/>
    public override string Name => $"rotated int{_bits}";

    /// <inheritdoc/>
    public override long PageBytes => (long)Exact.KvHeads * HeadBytes;

    /// <inheritdoc/>
    public override KvCodecCost Cost =>
        Exact.KvHeads * (KvCodecFormulas.Rotated(Exact.KeyDim, _bits) + KvCodecFormulas.Rotated(Exact.ValueDim, _bits));

    private long HeadBytes => (long)KvPageLayout.PageTokens * (_keys.BytesPerToken + _values.BytesPerToken);

    /// <inheritdoc/>
    public override void PrepareQueries(int kvHead, float* queries, int count, float* prepared)
    {
        if (!HasKernel(count))
        {
            base.PrepareQueries(kvHead, queries, count, prepared);
            return;
        }

        Span<float> turned = stackalloc float[count * _keys.Width];
        turned.Clear();
        for (int i = 0; i < count; i++)
        {
            Span<float> query = turned.Slice(i * _keys.Width, Exact.KeyDim);
            new ReadOnlySpan<float>(queries + i * Exact.KeyDim, Exact.KeyDim).CopyTo(query);
            HadamardRotation.Apply(query);
        }

        QuantizedPage512.Prepare(_keys, turned, count, prepared);
    }

    /// <inheritdoc/>
    public override void EncodePage(ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int firstPosition, byte* page)
    {
        for (int head = 0; head < Exact.KvHeads; head++)
        {
            Encode(keys, Exact.KeyDim, head, _keys, KeysOf(page, head), byChannel: true);
            Encode(values, Exact.ValueDim, head, _values, ValuesOf(page, head), byChannel: false);
        }
    }

    /// <inheritdoc/>
    public override void DecodePage(byte* page, int firstPosition, Span<float> keys, Span<float> values)
    {
        float* rows = stackalloc float[KvPageLayout.PageTokens * Math.Max(_keys.Width, _values.Width)];
        for (int head = 0; head < Exact.KvHeads; head++)
        {
            LatentPage.Decode(_keys, KeysOf(page, head), rows, 0, byChannel: true);
            for (int token = 0; token < KvPageLayout.PageTokens; token++)
            {
                Span<float> key = keys.Slice((token * Exact.KvHeads + head) * Exact.KeyDim, Exact.KeyDim);
                for (int d = 0; d < key.Length; d++)
                {
                    key[d] = rows[d * KvPageLayout.PageTokens + token];
                }

                HadamardRotation.Apply(key);
            }

            LatentPage.Decode(_values, ValuesOf(page, head), rows, _values.Width, byChannel: false);
            for (int token = 0; token < KvPageLayout.PageTokens; token++)
            {
                Span<float> value = values.Slice((token * Exact.KvHeads + head) * Exact.ValueDim, Exact.ValueDim);
                new ReadOnlySpan<float>(rows + token * _values.Width, Exact.ValueDim).CopyTo(value);
                HadamardRotation.Apply(value);
            }
        }
    }

    /// <inheritdoc/>
    protected override void TransformQuery(int kvHead, Span<float> query) => HadamardRotation.Apply(query[..Exact.KeyDim]);

    /// <inheritdoc/>
    protected override bool TryScores(in KvPageRun run, int kvHead, float* prepared, int count, float* scores, int stride)
    {
        if (!HasKernel(count))
        {
            return false;
        }

        QuantizedPage512.Scores(_keys, run, KeyStretch(kvHead), ValueStretch(kvHead), prepared, count, scores, stride);
        return true;
    }

    /// <inheritdoc/>
    protected override bool TryAccumulate(in KvPageRun run, int kvHead, float* probabilities, int stride, int count, float* accumulator)
    {
        if (!HasKernel(count))
        {
            return false;
        }

        QuantizedPage512.Accumulate(
            _values, run, ValueStretch(kvHead), KeyStretch(kvHead), probabilities, count, stride, accumulator, AccumulatorWidth);
        return true;
    }

    /// <inheritdoc/>
    protected override PageStretch HeadStretch(int kvHead) => new(kvHead * HeadBytes, HeadBytes);

    /// <inheritdoc/>
    protected override void LoadKeys(byte* page, int kvHead, int firstPosition, float* tile, float* extraScratch) =>
        LatentPage.Decode(_keys, KeysOf(page, kvHead), tile, 0, byChannel: true);

    /// <inheritdoc/>
    protected override void LoadValues(byte* page, int kvHead, float* tile) =>
        LatentPage.Decode(_values, ValuesOf(page, kvHead), tile, Tile.PaddedValueDim, byChannel: false);

    /// <inheritdoc/>
    protected override void AddValue(int kvHead, Span<float> accumulator, Span<float> output)
    {
        Span<float> value = accumulator[..output.Length];
        HadamardRotation.Apply(value);
        for (int d = 0; d < output.Length; d++)
        {
            output[d] += value[d];
        }
    }

    // More queries share a tile.
    private static bool HasKernel(int count) => QuantizedPage512.IsSupported && count <= QueryGroup;

    private static int Padded(int width) => (width + 15) / 16 * 16;

    private PageStretch KeyStretch(int head) => new(head * HeadBytes, (long)KvPageLayout.PageTokens * _keys.BytesPerToken);

    private PageStretch ValueStretch(int head) =>
        new(KeyStretch(head).Offset + KeyStretch(head).Bytes, (long)KvPageLayout.PageTokens * _values.BytesPerToken);

    private byte* KeysOf(byte* page, int head) => page + KeyStretch(head).Offset;

    private byte* ValuesOf(byte* page, int head) => page + ValueStretch(head).Offset;

    private void Encode(ReadOnlySpan<float> vectors, int width, int head, LatentFormat format, byte* target, bool byChannel)
    {
        Span<float> turned = stackalloc float[KvPageLayout.PageTokens * format.Width];
        turned.Clear();
        for (int token = 0; token < KvPageLayout.PageTokens; token++)
        {
            Span<float> row = turned.Slice(token * format.Width, width);
            vectors.Slice((token * Exact.KvHeads + head) * width, width).CopyTo(row);
            HadamardRotation.Apply(row);
        }

        LatentPage.Encode(format, turned, target, byChannel);
    }
}
