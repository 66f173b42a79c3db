using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Inference.Kernels.Attention;

/// <summary>Keys and values as they are, in f32 or f16, laid out by <see cref="KvPageLayout"/>; keys are stored with their rotation. Immutable, thread-safe.</summary>
public sealed unsafe class ExactKvCodec : KvCodec
{
    /// <summary>From so many groups of queries on, an f16 page is converted to f32 once instead of once per group.</summary>
    private const int MinGroupsToConvert = 3;

    private readonly KvPageLayout _layout;
    private readonly int _width;

    /// <summary>A codec for pages of this layout.</summary>
    public ExactKvCodec(KvPageLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        _layout = layout;
        _width = layout.PaddedValueDim;
    }

    /// <summary>Layout of the pages.</summary>
    public KvPageLayout Layout => _layout;

    /// <inheritdoc/>
    public override long PageBytes => _layout.PageBytes;

    /// <inheritdoc/>
    public override int PreparedWidth => _layout.KeyDim;

    /// <inheritdoc/>
    public override int AccumulatorWidth => _width;

    /// <inheritdoc/>
    public override int ScratchFloats => KvPageLayout.PageTokens * Math.Max(_layout.KeyDim, _width);

    /// <inheritdoc/>
    public override float ProbabilityScale => _layout.Element == KvElement.F16 ? HalfBits.Scale : 1;

    /// <inheritdoc/>
    public override void PrepareQueries(int kvHead, float* queries, int count, float* prepared)
    {
        int keyDim = _layout.KeyDim;
        float scale = _layout.Element == KvElement.F16 ? HalfBits.Scale : 1;
        for (int group = 0; group < count; group += QueryGroup)
        {
            float* target = prepared + group * keyDim;
            for (int q = 0; q < QueryGroup; q++)
            {
                for (int d = 0; d < keyDim; d++)
                {
                    target[d * QueryGroup + q] = group + q < count ? queries[(group + q) * keyDim + d] * scale : 0;
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Scores(in KvPageRun run, int kvHead, float* prepared, int count, float* scores, int stride, float* scratch)
    {
        bool convert = _layout.Element == KvElement.F16 && count > (MinGroupsToConvert - 1) * QueryGroup;
        for (int page = 0; page < run.Count; page++)
        {
            byte* keys = _layout.KeysOf(run.Pages[page], kvHead);
            float* target = scores + page * KvPageLayout.PageTokens;
            if (_layout.Element == KvElement.F32)
            {
                ScorePage<StoredFloat32>(keys, prepared, count, target, stride);
            }
            else if (convert)
            {
                Convert(keys, KvPageLayout.PageTokens * _layout.KeyDim, scratch);
                ScorePage<StoredFloat32>((byte*)scratch, prepared, count, target, stride);
            }
            else
            {
                ScorePage<StoredHalf>(keys, prepared, count, target, stride);
            }
        }
    }

    /// <inheritdoc/>
    public override void Accumulate(in KvPageRun run, int kvHead, float* probabilities, int stride, int count, int tokens, float* accumulator, float* scratch)
    {
        bool convert = _layout.Element == KvElement.F16 && count > (MinGroupsToConvert - 1) * QueryGroup;
        for (int page = 0; page < run.Count; page++)
        {
            byte* values = _layout.ValuesOf(run.Pages[page], kvHead);
            float* weights = probabilities + page * KvPageLayout.PageTokens;
            int present = Math.Min(KvPageLayout.PageTokens, tokens - page * KvPageLayout.PageTokens);
            if (_layout.Element == KvElement.F32)
            {
                AddPage<StoredFloat32>(values, weights, stride, count, present, accumulator);
            }
            else if (convert)
            {
                Convert(values, present * _width, scratch);
                AddPage<StoredFloat32>((byte*)scratch, weights, stride, count, present, accumulator);
            }
            else
            {
                AddPage<StoredHalf>(values, weights, stride, count, present, accumulator);
            }
        }
    }

    /// <inheritdoc/>
    public override void AddTo(int kvHead, float* accumulator, int count, float* output)
    {
        int valueDim = _layout.ValueDim;
        for (int i = 0; i < count; i++)
        {
            for (int d = 0; d < valueDim; d++)
            {
                output[i * valueDim + d] += accumulator[i * _width + d];
            }
        }
    }

    /// <summary>f16 to f32 without the factor 2^112, which the queries and probabilities carry.</summary>
    private static void Convert(byte* source, int count, float* target)
    {
        int i = 0;
        if (Avx512F.IsSupported)
        {
            for (; i <= count - 16; i += 16)
            {
                StoredHalf.Load512(source + i * StoredHalf.Bytes).Store(target + i);
            }
        }
        else if (Avx2.IsSupported)
        {
            for (; i <= count - 8; i += 8)
            {
                StoredHalf.Load256(source + i * StoredHalf.Bytes).Store(target + i);
            }
        }

        for (; i < count; i++)
        {
            target[i] = StoredHalf.Load(source + i * StoredHalf.Bytes);
        }
    }

    private void ScorePage<TElement>(byte* keys, float* prepared, int count, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        int keyDim = _layout.KeyDim;
        for (int q = 0; q < count; q += QueryGroup)
        {
            float* queries = prepared + q * keyDim;
            float* target = scores + q * stride;
            int left = count - q;
            if (Avx512F.IsSupported)
            {
                if (left == 1)
                {
                    PageScores512.Times1<TElement>(keys, queries, keyDim, target, stride);
                }
                else if (left <= 4)
                {
                    PageScores512.Times4<TElement>(keys, queries, keyDim, target, stride);
                }
                else
                {
                    PageScores512.Times8<TElement>(keys, queries, keyDim, target, stride);
                }
            }
            else if (Avx2.IsSupported)
            {
                if (left == 1)
                {
                    PageScores256.Times1<TElement>(keys, queries, keyDim, target, stride);
                }
                else
                {
                    PageScores256.Times4<TElement>(keys, queries, keyDim, target, stride);
                    if (left > 4)
                    {
                        PageScores256.Times4<TElement>(keys, queries + 4, keyDim, target + 4 * stride, stride);
                    }
                }
            }
            else
            {
                PageScalar.Scores<TElement>(keys, queries, keyDim, Math.Min(left, QueryGroup), target, stride);
            }
        }
    }

    private void AddPage<TElement>(byte* values, float* weights, int stride, int count, int tokens, float* accumulator)
        where TElement : struct, IStoredFloat
    {
        int valueBytes = _width * TElement.Bytes;
        for (int q = 0; q < count; q += QueryGroup)
        {
            float* p = weights + q * stride;
            float* sums = accumulator + q * _width;
            int left = Math.Min(count - q, QueryGroup);
            if (Avx512F.IsSupported)
            {
                AddGroup512<TElement>(values, valueBytes, p, stride, left, tokens, sums);
            }
            else if (Avx2.IsSupported)
            {
                AddGroup256<TElement>(values, valueBytes, p, stride, left, tokens, sums);
            }
            else
            {
                PageScalar.Values<TElement>(values, _width, p, stride, left, tokens, sums);
            }
        }
    }

    private void AddGroup512<TElement>(byte* values, int valueBytes, float* p, int stride, int count, int tokens, float* sums)
        where TElement : struct, IStoredFloat
    {
        int d = 0;
        for (; d <= _width - 32; d += 32)
        {
            byte* v = values + d * TElement.Bytes;
            if (count == 1)
            {
                PageValues512.Add1x32<TElement>(v, valueBytes, p, stride, tokens, sums + d, _width);
            }
            else if (count <= 4)
            {
                PageValues512.Add4x32<TElement>(v, valueBytes, p, stride, tokens, sums + d, _width);
            }
            else
            {
                PageValues512.Add8x32<TElement>(v, valueBytes, p, stride, tokens, sums + d, _width);
            }
        }

        if (d < _width)
        {
            byte* v = values + d * TElement.Bytes;
            if (count == 1)
            {
                PageValues512.Add1x16<TElement>(v, valueBytes, p, stride, tokens, sums + d, _width);
            }
            else if (count <= 4)
            {
                PageValues512.Add4x16<TElement>(v, valueBytes, p, stride, tokens, sums + d, _width);
            }
            else
            {
                PageValues512.Add8x16<TElement>(v, valueBytes, p, stride, tokens, sums + d, _width);
            }
        }
    }

    private void AddGroup256<TElement>(byte* values, int valueBytes, float* p, int stride, int count, int tokens, float* sums)
        where TElement : struct, IStoredFloat
    {
        for (int d = 0; d < _width; d += 16)
        {
            byte* v = values + d * TElement.Bytes;
            if (count == 1)
            {
                PageValues256.Add1x16<TElement>(v, valueBytes, p, stride, tokens, sums + d, _width);
                continue;
            }

            PageValues256.Add4x16<TElement>(v, valueBytes, p, stride, tokens, sums + d, _width);
            if (count > 4)
            {
                PageValues256.Add4x16<TElement>(v, valueBytes, p + 4 * stride, stride, tokens, sums + 4 * _width + d, _width);
            }
        }
    }
}
