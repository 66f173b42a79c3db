using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Inferometer.Core;
using Inferometer.Core.Caching;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// Keys and values stored as latents per KV head, or per group of heads that share latents. Keys are rebuilt before attention, 16 of one
/// head at a time, and rotated at their own positions, because a rotation does not pass through a low-rank map. Values are never rebuilt:
/// attention mixes latents, and the decoder of the head is applied once to the mix of each query. </summary>
public sealed unsafe class LowRankCodec : CompressedKvCodec
{
    private const int Tokens = KvPageLayout.PageTokens;
    private readonly LowRankGroup[] _groups;
    private readonly int _groupSize;
    private readonly long[] _offsets;
    private readonly RotaryTable _rotary;

    /// <summary>A codec for one layer.</summary>
    /// <param name="name">Name of the method.</param>
    /// <param name="exact">Layout of the layer's exact pages.</param>
    /// <param name="groups">Head groups of one size in order; bases are brought into the form their formats need.</param>
    /// <param name="rotary">Rotation of the layer's keys.</param>
    /// <exception cref="InferometerException">Groups or widths do not fit the layout.</exception>
    public LowRankCodec(string name, KvPageLayout exact, IReadOnlyList<LowRankGroup> groups, RotaryTable rotary)
        : base(exact, exact.KeyDim, groups.Max(group => group.ValueFormat.Width) + 1)
    {
        ArgumentNullException.ThrowIfNull(rotary);
        _groupSize = exact.KvHeads / groups.Count;
        if (exact.KvHeads % groups.Count != 0
            || groups.Any(group => group.Keys.Width != _groupSize * exact.KeyDim || group.Values.Width != _groupSize * exact.ValueDim)
            || rotary.Rotary.HeadDim != exact.KeyDim)
        {
            throw new InferometerException(
                $"low-rank codec for {groups.Count} head groups of {groups[0].Keys.Width} and {groups[0].Values.Width}: "
                + $"the layer has {exact.KvHeads} KV heads of {exact.KeyDim} and {exact.ValueDim}.");
        }

        Name = name;
        _rotary = rotary;
        _groups =
        [
            .. groups.Select(group => group with { Keys = group.Keys.For(group.KeyFormat), Values = group.Values.For(group.ValueFormat) }),
        ];
        _offsets = new long[groups.Count];
        for (int index = 0; index < groups.Count; index++)
        {
            _offsets[index] = PageBytes;
            PageBytes += (long)Tokens * groups[index].BytesPerToken;
        }
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override long PageBytes { get; }

    /// <summary>Head groups, their bases in the form they are used in.</summary>
    public IReadOnlyList<LowRankGroup> Groups => _groups;

    /// <summary>KV heads that share latents.</summary>
    public int HeadGroupSize => _groupSize;

    /// <inheritdoc/>
    public override KvCodecCost Cost => _groups.Aggregate(default(KvCodecCost), (sum, group) => sum
        + KvCodecFormulas.LatentKeys(Exact.KeyDim, _rotary.Rotary.Pairs, _groupSize, group.KeyFormat.Stretches)
        + KvCodecFormulas.LatentValues(Exact.ValueDim, _groupSize, group.ValueFormat.Stretches));

    /// <inheritdoc/>
    protected override int ExtraScratchFloats => Tokens * _groups.Max(group => group.KeyFormat.Width);

    /// <inheritdoc/>
    public override void EncodePage(ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int firstPosition, byte* page)
    {
        int keyWidth = _groupSize * Exact.KeyDim, valueWidth = _groupSize * Exact.ValueDim;
        Span<float> key = stackalloc float[keyWidth];
        for (int index = 0; index < _groups.Length; index++)
        {
            LowRankGroup group = _groups[index];
            float[] keyLatents = new float[Tokens * group.KeyFormat.Width], valueLatents = new float[Tokens * group.ValueFormat.Width];
            for (int token = 0; token < Tokens; token++)
            {
                // Heads of a group lie side by side, so that their vectors already are the group's.
                int place = token * _groups.Length + index;
                keys.Slice(place * keyWidth, keyWidth).CopyTo(key);
                _rotary.Rotary.Unrotate(key, firstPosition + token);
                group.Keys.Encode(key, keyLatents.AsSpan(token * group.KeyFormat.Width, group.KeyFormat.Width));
                group.Values.Encode(
                    values.Slice(place * valueWidth, valueWidth),
                    valueLatents.AsSpan(token * group.ValueFormat.Width, group.ValueFormat.Width));
            }

            LatentPage.Encode(group.KeyFormat, keyLatents, KeysOf(page, index), byChannel: true);
            LatentPage.Encode(group.ValueFormat, valueLatents, ValuesOf(page, index), byChannel: false);
        }
    }

    /// <inheritdoc/>
    public override void DecodePage(byte* page, int firstPosition, Span<float> keys, Span<float> values)
    {
        float[] latents = new float[Tokens * _groups.Max(group => Math.Max(group.KeyFormat.Width, group.ValueFormat.Width))],
            tile = new float[Tokens * Exact.KeyDim];
        for (int head = 0; head < Exact.KvHeads; head++)
        {
            fixed (float* scratch = latents, rebuilt = tile)
            {
                LoadKeys(page, head, firstPosition, rebuilt, scratch);
            }

            for (int i = 0; i < tile.Length; i++)
            {
                keys[(i % Tokens * Exact.KvHeads + head) * Exact.KeyDim + i / Tokens] = tile[i];
            }
        }

        int valueWidth = _groupSize * Exact.ValueDim;
        for (int index = 0; index < _groups.Length; index++)
        {
            LowRankGroup group = _groups[index];
            int width = group.ValueFormat.Width;
            fixed (float* scratch = latents)
            {
                LatentPage.Decode(group.ValueFormat, ValuesOf(page, index), scratch, width, byChannel: false);
            }

            for (int token = 0; token < Tokens; token++)
            {
                group.Values.Decode(
                    latents.AsSpan(token * width, width), values.Slice((token * _groups.Length + index) * valueWidth, valueWidth));
            }
        }
    }

    /// <inheritdoc/>
    protected override void TransformQuery(int kvHead, Span<float> query)
    {
    }

    /// <inheritdoc/>
    protected override PageStretch HeadStretch(int kvHead) =>
        new(_offsets[kvHead / _groupSize], (long)Tokens * _groups[kvHead / _groupSize].BytesPerToken);

    /// <inheritdoc/>
    protected override void LoadKeys(byte* page, int kvHead, int firstPosition, float* tile, float* extraScratch)
    {
        (int index, int member) = Math.DivRem(kvHead, _groupSize);
        LowRankGroup group = _groups[index];
        LatentPage.Decode(group.KeyFormat, KeysOf(page, index), extraScratch, 0, byChannel: true);
        Rebuild(group.Keys, member * Exact.KeyDim, Exact.KeyDim, extraScratch, tile);
        _rotary.RotateTile(tile, firstPosition);
    }

    /// <inheritdoc/>
    protected override void LoadValues(byte* page, int kvHead, float* tile)
    {
        int index = kvHead / _groupSize;
        LatentFormat format = _groups[index].ValueFormat;
        int stride = Tile.PaddedValueDim;
        LatentPage.Decode(format, ValuesOf(page, index), tile, stride, byChannel: false);

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
        (int index, int member) = Math.DivRem(kvHead, _groupSize);
        LatentBasis basis = _groups[index].Values;
        int first = member * Exact.ValueDim;
        ReadOnlySpan<float> latents = accumulator[..basis.Rank];
        float weight = accumulator[basis.Rank];
        for (int d = 0; d < output.Length; d++)
        {
            output[d] += weight * basis.Mean[first + d]
                + LatentBasis.Dot(basis.Decoder.AsSpan((first + d) * basis.Rank, basis.Rank), latents);
        }
    }

    // tile[d][16] = mean[first + d] + decoder[first + d] x latents[rank][16], four rows at a time so that a latent is loaded once for them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rebuild(LatentBasis basis, int first, int count, float* latents, float* tile)
    {
        int rank = basis.Rank, d = 0;
        fixed (float* decoders = basis.Decoder, means = basis.Mean)
        {
            float* decoder = decoders + (long)first * rank;
            float* mean = means + first;
            for (; d <= count - 4; d += 4)
            {
                float* row = decoder + d * rank;
                Vector512<float> a = Vector512.Create(mean[d]), b = Vector512.Create(mean[d + 1]);
                Vector512<float> c = Vector512.Create(mean[d + 2]), e = Vector512.Create(mean[d + 3]);
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

            for (; d < count; d++)
            {
                Vector512<float> sum = Vector512.Create(mean[d]);
                for (int i = 0; i < rank; i++)
                {
                    sum = Vector512.FusedMultiplyAdd(Vector512.Create(decoder[d * rank + i]), Vector512.Load(latents + i * Tokens), sum);
                }

                sum.Store(tile + d * Tokens);
            }
        }
    }

    private byte* KeysOf(byte* page, int group) => page + _offsets[group];

    private byte* ValuesOf(byte* page, int group) => KeysOf(page, group) + Tokens * _groups[group].KeyFormat.BytesPerToken;
}
