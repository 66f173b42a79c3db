using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Inferometer.Core;
using Inferometer.Core.Caching;
using Inferometer.Inference.Kernels.Attention;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// Keys and values stored as latents per KV head. Keys are rebuilt before attention, 16 at a time, and rotated at their own positions, because a rotation does not pass through
/// a low-rank map. Values are never rebuilt: attention mixes latents, and the decoder is applied once to the mix of each query.
/// </summary>
public sealed unsafe class LowRankCodec : CompressedKvCodec
{
    private const int Tokens = KvPageLayout.PageTokens;
    private readonly LowRankHead[] _heads;
    private readonly long[] _offsets;
    private readonly RotaryTable _rotary;

    /// <summary>A codec for one layer.</summary>
    /// <param name="name">Name of the method.</param>
    /// <param name="exact">Layout of the layer's exact pages.</param>
    /// <param name="heads">One entry per KV head; bases are brought into the form their formats need.</param>
    /// <param name="rotary">Rotation of the layer's keys.</param>
    /// <exception cref="InferometerException">Heads or widths do not fit the layout.</exception>
    public LowRankCodec(string name, KvPageLayout exact, IReadOnlyList<LowRankHead> heads, RotaryTable rotary)
        : base(exact, exact.KeyDim, heads.Max(head => head.ValueFormat.Width) + 1)
    {
        ArgumentNullException.ThrowIfNull(rotary);
        if (heads.Count != exact.KvHeads || heads.Any(head => head.Keys.Width != exact.KeyDim || head.Values.Width != exact.ValueDim) || rotary.Rotary.HeadDim != exact.KeyDim)
        {
            throw new InferometerException(
                $"low-rank codec for {heads.Count} heads of {heads[0].Keys.Width} and {heads[0].Values.Width}: the layer has {exact.KvHeads} of {exact.KeyDim} and {exact.ValueDim}.");
        }

        Name = name;
        _rotary = rotary;
        _heads = [.. heads.Select(head => head with { Keys = head.Keys.For(head.KeyFormat), Values = head.Values.For(head.ValueFormat) })];
        _offsets = new long[heads.Count];
        for (int head = 0; head < heads.Count; head++)
        {
            _offsets[head] = PageBytes;
            PageBytes += (long)Tokens * heads[head].BytesPerToken;
        }
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override long PageBytes { get; }

    /// <summary>Heads, their bases in the form they are used in.</summary>
    public IReadOnlyList<LowRankHead> Heads => _heads;

    /// <inheritdoc/>
    public override KvCodecCost Cost => _heads.Aggregate(default(KvCodecCost), (sum, head) => sum
        + KvCodecFormulas.LatentKeys(Exact.KeyDim, _rotary.Rotary.Pairs, head.KeyFormat.Stretches) + KvCodecFormulas.LatentValues(Exact.ValueDim, head.ValueFormat.Stretches));

    /// <inheritdoc/>
    protected override int ExtraScratchFloats => Tokens * _heads.Max(head => head.KeyFormat.Width);

    /// <inheritdoc/>
    public override void EncodePage(ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int firstPosition, byte* page)
    {
        Span<float> key = stackalloc float[Exact.KeyDim];
        for (int index = 0; index < _heads.Length; index++)
        {
            LowRankHead head = _heads[index];
            float[] keyLatents = new float[Tokens * head.KeyFormat.Width], valueLatents = new float[Tokens * head.ValueFormat.Width];
            for (int token = 0; token < Tokens; token++)
            {
                keys.Slice((token * _heads.Length + index) * Exact.KeyDim, Exact.KeyDim).CopyTo(key);
                _rotary.Rotary.Unrotate(key, firstPosition + token);
                head.Keys.Encode(key, keyLatents.AsSpan(token * head.KeyFormat.Width, head.KeyFormat.Width));
                head.Values.Encode(values.Slice((token * _heads.Length + index) * Exact.ValueDim, Exact.ValueDim), valueLatents.AsSpan(token * head.ValueFormat.Width, head.ValueFormat.Width));
            }

            LatentPage.Encode(head.KeyFormat, keyLatents, KeysOf(page, index), byChannel: true);
            LatentPage.Encode(head.ValueFormat, valueLatents, ValuesOf(page, index), byChannel: false);
        }
    }

    /// <inheritdoc/>
    public override void DecodePage(byte* page, int firstPosition, Span<float> keys, Span<float> values)
    {
        for (int index = 0; index < _heads.Length; index++)
        {
            LowRankHead head = _heads[index];
            float[] latents = new float[Tokens * Math.Max(head.KeyFormat.Width, head.ValueFormat.Width)], tile = new float[Tokens * Exact.KeyDim];
            fixed (float* scratch = latents, rebuilt = tile)
            {
                LoadKeys(page, index, firstPosition, rebuilt, scratch);
                for (int i = 0; i < tile.Length; i++)
                {
                    keys[(i % Tokens * _heads.Length + index) * Exact.KeyDim + i / Tokens] = tile[i];
                }

                LatentPage.Decode(head.ValueFormat, ValuesOf(page, index), scratch, head.ValueFormat.Width, byChannel: false);
            }

            for (int token = 0; token < Tokens; token++)
            {
                head.Values.Decode(latents.AsSpan(token * head.ValueFormat.Width, head.ValueFormat.Width), values.Slice((token * _heads.Length + index) * Exact.ValueDim, Exact.ValueDim));
            }
        }
    }

    /// <inheritdoc/>
    protected override void TransformQuery(int kvHead, Span<float> query)
    {
    }

    /// <inheritdoc/>
    protected override void LoadKeys(byte* page, int kvHead, int firstPosition, float* tile, float* extraScratch)
    {
        LowRankHead head = _heads[kvHead];
        LatentPage.Decode(head.KeyFormat, KeysOf(page, kvHead), extraScratch, 0, byChannel: true);
        Rebuild(head.Keys, extraScratch, tile);
        _rotary.RotateTile(tile, firstPosition);
    }

    /// <inheritdoc/>
    protected override void LoadValues(byte* page, int kvHead, float* tile)
    {
        LatentFormat format = _heads[kvHead].ValueFormat;
        int stride = Tile.PaddedValueDim;
        LatentPage.Decode(format, ValuesOf(page, kvHead), tile, stride, byChannel: false);

        // After the latents a one: mixed like them it becomes the sum of the probabilities, which the mean is multiplied with.
        for (int token = 0; token < Tokens; token++)
        {
            Span<float> rest = new(tile + token * stride + format.Width, stride - format.Width);
            rest.Clear();
            rest[0] = 1;
        }
    }

    /// <inheritdoc/>
    protected override void AddValue(int kvHead, Span<float> accumulator, Span<float> output)
    {
        LatentBasis basis = _heads[kvHead].Values;
        float weight = accumulator[basis.Rank];
        for (int d = 0; d < output.Length; d++)
        {
            ReadOnlySpan<float> row = basis.Decoder.AsSpan(d * basis.Rank, basis.Rank);
            float sum = weight * basis.Mean[d];
            for (int i = 0; i < row.Length; i++)
            {
                sum += row[i] * accumulator[i];
            }

            output[d] += sum;
        }
    }

    // tile[d][16] = mean[d] + decoder[d] x latents[rank][16], four rows at a time so that a latent is loaded once for them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rebuild(LatentBasis basis, float* latents, float* tile)
    {
        int rank = basis.Rank, d = 0;
        fixed (float* decoder = basis.Decoder)
        {
            for (; d <= basis.Width - 4; d += 4)
            {
                float* row = decoder + d * rank;
                Vector512<float> a = Vector512.Create(basis.Mean[d]), b = Vector512.Create(basis.Mean[d + 1]);
                Vector512<float> c = Vector512.Create(basis.Mean[d + 2]), e = Vector512.Create(basis.Mean[d + 3]);
                for (int i = 0; i < rank; i++)
                {
                    Vector512<float> latent = Vector512.Load(latents + i * Tokens);
                    a = Vector512.FusedMultiplyAdd(Vector512.Create(row[i]), latent, a);
                    b = Vector512.FusedMultiplyAdd(Vector512.Create(row[rank + i]), latent, b);
                    c = Vector512.FusedMultiplyAdd(Vector512.Create(row[2 * rank + i]), latent, c);
                    e = Vector512.FusedMultiplyAdd(Vector512.Create(row[3 * rank + i]), latent, e);
                }

                a.Store(tile + d * Tokens);
                b.Store(tile + (d + 1) * Tokens);
                c.Store(tile + (d + 2) * Tokens);
                e.Store(tile + (d + 3) * Tokens);
            }

            for (; d < basis.Width; d++)
            {
                Vector512<float> sum = Vector512.Create(basis.Mean[d]);
                for (int i = 0; i < rank; i++)
                {
                    sum = Vector512.FusedMultiplyAdd(Vector512.Create(decoder[d * rank + i]), Vector512.Load(latents + i * Tokens), sum);
                }

                sum.Store(tile + d * Tokens);
            }
        }
    }

    private byte* KeysOf(byte* page, int head) => page + _offsets[head];

    private byte* ValuesOf(byte* page, int head) => KeysOf(page, head) + Tokens * _heads[head].KeyFormat.BytesPerToken;
}
