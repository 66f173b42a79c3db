using Inferometer.Core.Caching;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// How full pages of one layer are stored compressed, and attended to without decompressing more than a page of 16 tokens at a time: a page
/// becomes a tile of floats that stays in the first cache, and the tile is multiplied as an exact one is. Immutable; thread-safe. Users add
/// a method by deriving from this class. </summary>
public abstract unsafe class CompressedKvCodec : KvCodec
{
    private readonly ExactKvCodec _tile;

    /// <summary>Settles the shapes.</summary>
    /// <param name="exact">Layout of the layer's exact pages: heads and widths.</param>
    /// <param name="keyTileWidth">Channels of a key as it meets the prepared query.</param>
    /// <param name="valueTileWidth">Channels of a value as it is accumulated.</param>
    protected CompressedKvCodec(KvPageLayout exact, int keyTileWidth, int valueTileWidth)
    {
        ArgumentNullException.ThrowIfNull(exact);
        Exact = exact;
        Tile = new KvPageLayout(1, keyTileWidth, valueTileWidth, KvElement.F32);
        _tile = new ExactKvCodec(Tile);
    }

    /// <summary>Layout of the layer's exact pages.</summary>
    public KvPageLayout Exact { get; }

    /// <summary>Name of the method, for reports.</summary>
    public abstract string Name { get; }

    /// <summary>Bytes per token of this layer, all KV heads, keys and values, scales included.</summary>
    public double BytesPerToken => (double)PageBytes / KvPageLayout.PageTokens;

    /// <summary>
    /// Bytes and floating-point operations by formula, all KV heads, with one query head for each; its bytes are
    /// <see cref="BytesPerToken"/>.
    /// </summary>
    public abstract KvCodecCost Cost { get; }

    /// <inheritdoc/>
    public override int PreparedWidth => Tile.KeyDim;

    /// <inheritdoc/>
    public override int AccumulatorWidth => Tile.PaddedValueDim;

    /// <inheritdoc/>
    public override int ScratchFloats => (int)(Tile.PageBytes / sizeof(float)) + ExtraScratchFloats;

    /// <summary>Floats of scratch memory beyond one tile.</summary>
    protected virtual int ExtraScratchFloats => 0;

    /// <summary>Layout of a tile: one head, f32.</summary>
    protected KvPageLayout Tile { get; }

    /// <summary>Stores 16 tokens of the layer.</summary>
    /// <param name="keys">Rotated keys, [16][KvHeads][KeyDim].</param>
    /// <param name="values">Values, [16][KvHeads][ValueDim].</param>
    /// <param name="firstPosition">Position of the first token.</param>
    /// <param name="page"><see cref="KvCodec.PageBytes"/> bytes.</param>
    public abstract void EncodePage(ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int firstPosition, byte* page);

    /// <summary>Reads 16 tokens of the layer back, as far as they were kept; arguments as for <see cref="EncodePage"/>.</summary>
    public abstract void DecodePage(byte* page, int firstPosition, Span<float> keys, Span<float> values);

    /// <inheritdoc/>
    public override void PrepareQueries(int kvHead, float* queries, int count, float* prepared)
    {
        int width = Tile.KeyDim, keyDim = Exact.KeyDim;
        Span<float> group = stackalloc float[QueryGroup * width];
        for (int first = 0; first < count; first += QueryGroup)
        {
            int members = Math.Min(QueryGroup, count - first);
            group.Clear();
            for (int i = 0; i < members; i++)
            {
                Span<float> query = group.Slice(i * width, width);
                new ReadOnlySpan<float>(queries + (first + i) * keyDim, keyDim).CopyTo(query);
                TransformQuery(kvHead, query);
            }

            fixed (float* source = group)
            {
                _tile.PrepareQueries(0, source, members, prepared + first * width);
            }
        }
    }

    /// <inheritdoc/>
    public sealed override void Scores(in KvPageRun run, int kvHead, float* prepared, int count, float* scores, int stride, float* scratch)
    {
        if (TryScores(run, kvHead, prepared, count, scores, stride))
        {
            return;
        }

        byte* tile = (byte*)scratch;
        PageStretch stretch = HeadStretch(kvHead);
        for (int page = 0; page < run.Count; page++)
        {
            int offset = page * KvPageLayout.PageTokens;
            if (page + 1 < run.Count + run.Following)
            {
                stretch.Prefetch(run.Pages[page + 1], 0, 1);
            }

            LoadKeys(
                run.Pages[page], kvHead, run.FirstPosition + offset, (float*)Tile.KeysOf(tile, 0),
                scratch + Tile.PageBytes / sizeof(float));
            _tile.Scores(new KvPageRun(&tile, 1, run.FirstPosition + offset), 0, prepared, count, scores + offset, stride, scratch);
        }
    }

    /// <inheritdoc/>
    public sealed override void Accumulate(
        in KvPageRun run, int kvHead, float* probabilities, int stride, int count, int tokens, float* accumulator, float* scratch)
    {
        if (TryAccumulate(run, kvHead, probabilities, stride, count, accumulator))
        {
            return;
        }

        byte* tile = (byte*)scratch;
        for (int page = 0; page < run.Count; page++)
        {
            int offset = page * KvPageLayout.PageTokens;
            int present = Math.Min(KvPageLayout.PageTokens, tokens - offset);
            LoadValues(run.Pages[page], kvHead, (float*)Tile.ValuesOf(tile, 0));
            _tile.Accumulate(
                new KvPageRun(&tile, 1, run.FirstPosition + offset), 0, probabilities + offset, stride, count, present, accumulator,
                scratch);
        }
    }

    /// <inheritdoc/>
    public sealed override void AddTo(int kvHead, float* accumulator, int count, float* output)
    {
        for (int i = 0; i < count; i++)
        {
            AddValue(
                kvHead, new Span<float>(accumulator + i * AccumulatorWidth, AccumulatorWidth),
                new Span<float>(output + i * Exact.ValueDim, Exact.ValueDim));
        }
    }

    /// <summary>
    /// Computes the scores of a run of pages without tiles, where the method has a kernel for so many queries; rows up to the next multiple
    /// of eight may be written.
    /// </summary>
    /// <returns>False where it has none: nothing was done.</returns>
    protected virtual bool TryScores(in KvPageRun run, int kvHead, float* prepared, int count, float* scores, int stride) => false;

    /// <summary>
    /// Adds the values of a run of pages without tiles, where the method has a kernel for so many queries. Probabilities of tokens that do
    /// not exist are zero.
    /// </summary>
    /// <returns>False where it has none: nothing was done.</returns>
    protected virtual bool TryAccumulate(in KvPageRun run, int kvHead, float* probabilities, int stride, int count, float* accumulator) =>
        false;

    /// <summary>Where a head's keys and values lie in a page, for fetching them ahead.</summary>
    protected abstract PageStretch HeadStretch(int kvHead);

    /// <summary>Turns a query into what tiles of keys are multiplied with, in place; entries from the key width on are zero.</summary>
    protected abstract void TransformQuery(int kvHead, Span<float> query);

    /// <summary>Writes a page's keys to a tile, [key tile width][16 tokens].</summary>
    protected abstract void LoadKeys(byte* page, int kvHead, int firstPosition, float* tile, float* extraScratch);

    /// <summary>Writes a page's values to a tile, [16 tokens][value tile width padded to 16].</summary>
    protected abstract void LoadValues(byte* page, int kvHead, float* tile);

    /// <summary>output += the accumulated value, transformed back; may overwrite the accumulator.</summary>
    protected abstract void AddValue(int kvHead, Span<float> accumulator, Span<float> output);
}
