using System.Numerics.Tensors;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>
/// Pages of latent attention: for each token one latent and one rotary key, as keys [latent + rotary][16]. The latents are the values as
/// well, and are kept once: they are turned for a few pages at a time, which all heads of a tile then share.
/// </summary>
public sealed unsafe class LatentKvCodec : KvCodec
{
    private const int PagesAtATime = 4;

    private readonly KvPageLayout _layout;
    private readonly ExactKvCodec _keys;
    private readonly ExactKvCodec _values;
    private readonly int _rank;
    private readonly int _width;

    /// <summary>A codec for pages of this layout, which has one head and no values of its own.</summary>
    /// <param name="layout">Keys of latent and rotary part.</param>
    /// <param name="rank">Width of the latent: the first channels of a key.</param>
    /// <exception cref="ArgumentException">The layout has more heads, values, or narrower keys.</exception>
    public LatentKvCodec(KvPageLayout layout, int rank)
    {
        ArgumentNullException.ThrowIfNull(layout);
        if (layout.KvHeads != 1 || layout.ValueDim != 0 || layout.KeyDim < rank)
        {
            throw new ArgumentException($"{layout} holds no latents of width {rank}", nameof(layout));
        }

        _layout = layout;
        _rank = rank;
        _keys = new ExactKvCodec(layout);
        _values = new ExactKvCodec(new KvPageLayout(1, 0, rank, KvElement.F32));
        _width = _values.AccumulatorWidth;
    }

    /// <inheritdoc/>
    public override long PageBytes => _layout.PageBytes;

    /// <inheritdoc/>
    public override int PreparedWidth => _keys.PreparedWidth;

    /// <inheritdoc/>
    public override int AccumulatorWidth => _width;

    /// <inheritdoc/>
    public override int ScratchFloats =>
        Math.Max(_keys.ScratchFloats, (PagesAtATime * KvPageLayout.PageTokens * _width) + (KvPageLayout.PageTokens * _rank));

    /// <inheritdoc/>
    public override void PrepareQueries(int kvHead, float* queries, int count, float* prepared) =>
        _keys.PrepareQueries(kvHead, queries, count, prepared);

    /// <inheritdoc/>
    public override void Scores(in KvPageRun run, int kvHead, float* prepared, int count, float* scores, int stride, float* scratch) =>
        _keys.Scores(run, kvHead, prepared, count, scores, stride, scratch);

    /// <inheritdoc/>
    public override void Accumulate(
        in KvPageRun run, int kvHead, float* probabilities, int stride, int count, int tokens, float* accumulator, float* scratch)
    {
        byte** turned = stackalloc byte*[PagesAtATime];
        float* converted = scratch + (PagesAtATime * KvPageLayout.PageTokens * _width);
        for (int page = 0; page < run.Count; page += PagesAtATime)
        {
            int pages = Math.Min(PagesAtATime, run.Count - page);
            for (int i = 0; i < pages; i++)
            {
                float* target = scratch + (i * KvPageLayout.PageTokens * _width);
                Turn(_layout.KeysOf(run.Pages[page + i], 0), converted, target);
                turned[i] = (byte*)target;
            }

            _values.Accumulate(
                new KvPageRun(turned, pages, run.FirstPosition + (page * KvPageLayout.PageTokens)), 0,
                probabilities + (page * KvPageLayout.PageTokens), stride, count, tokens - (page * KvPageLayout.PageTokens), accumulator,
                converted);
        }
    }

    /// <inheritdoc/>
    public override void AddTo(int kvHead, float* accumulator, int count, float* output) =>
        _values.AddTo(kvHead, accumulator, count, output);

    // [latent][16] in the page's format to [16][latent], rounded up, in f32.
    private void Turn(byte* keys, float* converted, float* target)
    {
        float* source = (float*)keys;
        if (_layout.Element == KvElement.F16)
        {
            int count = _rank * KvPageLayout.PageTokens;
            TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(keys, count), new Span<float>(converted, count));
            source = converted;
        }

        for (int d = 0; d < _rank; d++)
        {
            for (int t = 0; t < KvPageLayout.PageTokens; t++)
            {
                target[(t * _width) + d] = source[(d * KvPageLayout.PageTokens) + t];
            }
        }

        for (int t = 0; t < KvPageLayout.PageTokens && _width > _rank; t++)
        {
            new Span<float>(target + (t * _width) + _rank, _width - _rank).Clear();
        }
    }
}
