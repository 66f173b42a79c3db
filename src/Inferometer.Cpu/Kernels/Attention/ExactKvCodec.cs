using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Cpu.Kernels.Elementwise;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>
/// Keys and values as they are, in f32 or f16, laid out by <see cref="KvPageLayout"/>; keys are stored with their rotation. Immutable,
/// thread-safe.
/// </summary>
public sealed unsafe class ExactKvCodec : KvCodec
{
    /// <summary>From so many groups of queries on, f16 pages are converted to f32 once instead of once per group.</summary>
    private const int MinGroupsToConvert = 3;

    /// <summary>Pages whose values are added in one go, sums staying in registers.</summary>
    private const int PagesAtATime = 4;

    private readonly KvPageLayout _layout;
    private readonly int _width;

    /// <summary>A codec for pages of this layout.</summary>
    public ExactKvCodec(KvPageLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        _layout = layout;
        _width = layout.PaddedValueDim;
    }

    /// <inheritdoc/>
    public override long PageBytes => _layout.PageBytes;

    /// <inheritdoc/>
    public override int PreparedWidth => _layout.KeyDim;

    /// <inheritdoc/>
    public override int AccumulatorWidth => _width;

    /// <inheritdoc/>
    public override int ScratchFloats => PagesAtATime * KvPageLayout.PageTokens * Math.Max(_layout.KeyDim, _width);

    /// <inheritdoc/>
    public override float ProbabilityScale => _layout.Element == KvElement.F16 ? HalfScale : 1;

    /// <summary>
    /// What queries and probabilities carry for f16 pages, whose numbers are read too small by it where that is no slower.
    /// </summary>
    private static float HalfScale => SubnormalSpeed.IsSlow ? StoredHalf.Scale : ShiftedHalf.Scale;

    /// <inheritdoc/>
    public override void PrepareQueries(int kvHead, float* queries, int count, float* prepared)
    {
        int keyDim = _layout.KeyDim;
        byte** row = stackalloc byte*[QueryGroup];
        for (int group = 0; group < count; group += QueryGroup)
        {
            float* target = prepared + group * keyDim;
            int d = 0;
            if (count - group >= QueryGroup && Avx2.IsSupported)
            {
                for (int q = 0; q < QueryGroup; q++)
                {
                    row[q] = (byte*)(queries + (group + q) * keyDim);
                }

                d = keyDim & ~7;
                Transposition.Rows8<StoredFloat32>(row, d, target, QueryGroup);
            }
            else if (count - group >= QueryGroup && Transposition.HasRows4)
            {
                for (int q = 0; q < QueryGroup; q++)
                {
                    row[q] = (byte*)(queries + (group + q) * keyDim);
                }

                d = keyDim & ~3;
                Transposition.Rows4<StoredFloat32>(row, d, target, QueryGroup);
                Transposition.Rows4<StoredFloat32>(row + 4, d, target + 4, QueryGroup);
            }

            for (; d < keyDim; d++)
            {
                for (int q = 0; q < QueryGroup; q++)
                {
                    target[d * QueryGroup + q] = group + q < count ? queries[(group + q) * keyDim + d] : 0;
                }
            }

            if (_layout.Element == KvElement.F16)
            {
                Span<float> scaled = new(target, QueryGroup * keyDim);
                TensorPrimitives.Multiply(scaled, HalfScale, scaled);
            }
        }
    }

    /// <inheritdoc/>
    public override void Scores(in KvPageRun run, int kvHead, float* prepared, int count, float* scores, int stride, float* scratch)
    {
        if (_layout.Element == KvElement.F32)
        {
            ScorePages<StoredFloat32>(run, kvHead, prepared, count, scores, stride, null);
        }
        else if (count > (MinGroupsToConvert - 1) * QueryGroup)
        {
            ScorePages<StoredFloat32>(run, kvHead, prepared, count, scores, stride, scratch);
        }
        else if (SubnormalSpeed.IsSlow)
        {
            ScorePages<StoredHalf>(run, kvHead, prepared, count, scores, stride, null);
        }
        else
        {
            ScorePages<ShiftedHalf>(run, kvHead, prepared, count, scores, stride, null);
        }
    }

    /// <inheritdoc/>
    public override void Accumulate(
        in KvPageRun run, int kvHead, float* probabilities, int stride, int count, int tokens, float* accumulator, float* scratch)
    {
        bool convert = _layout.Element == KvElement.F16 && count > (MinGroupsToConvert - 1) * QueryGroup;
        byte** values = stackalloc byte*[PagesAtATime];
        byte** ahead = stackalloc byte*[PagesAtATime];
        for (int page = 0; page < run.Count; page += PagesAtATime)
        {
            int pages = Math.Min(PagesAtATime, run.Count - page);
            int present = Math.Min(pages * KvPageLayout.PageTokens, tokens - page * KvPageLayout.PageTokens);
            for (int i = 0; i < pages; i++)
            {
                values[i] = _layout.ValuesOf(run.Pages[page + i], kvHead);
                ahead[i] = page + i < run.Following ? _layout.KeysOf(run.Pages[run.Count + page + i], kvHead) : values[i];
                if (convert)
                {
                    float* converted = scratch + i * KvPageLayout.PageTokens * _width;
                    Convert(values[i], Math.Min(KvPageLayout.PageTokens, present - i * KvPageLayout.PageTokens) * _width, converted);
                    values[i] = (byte*)converted;
                }
            }

            float* weights = probabilities + page * KvPageLayout.PageTokens;
            if (convert || _layout.Element == KvElement.F32)
            {
                AddPages<StoredFloat32>(values, ahead, weights, stride, count, present, accumulator);
            }
            else if (SubnormalSpeed.IsSlow)
            {
                AddPages<StoredHalf>(values, ahead, weights, stride, count, present, accumulator);
            }
            else
            {
                AddPages<ShiftedHalf>(values, ahead, weights, stride, count, present, accumulator);
            }
        }
    }

    /// <inheritdoc/>
    public override void AddTo(int kvHead, float* accumulator, int count, float* output)
    {
        int valueDim = _layout.ValueDim;
        for (int i = 0; i < count; i++)
        {
            VectorAdd.Accumulate(
                new ReadOnlySpan<float>(accumulator + i * _width, valueDim), new Span<float>(output + i * valueDim, valueDim));
        }
    }

    /// <summary>f16 to f32 without the factor that the queries and probabilities carry.</summary>
    private static void Convert(byte* source, int count, float* target)
    {
        if (SubnormalSpeed.IsSlow)
        {
            Convert<StoredHalf>(source, count, target);
        }
        else
        {
            Convert<ShiftedHalf>(source, count, target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Convert<THalf>(byte* source, int count, float* target)
        where THalf : struct, IStoredFloat
    {
        int i = 0;
        if (Avx512F.IsSupported)
        {
            for (; i <= count - 16; i += 16)
            {
                THalf.Load512(source + i * THalf.Bytes).Store(target + i);
            }
        }
        else if (Avx2.IsSupported)
        {
            for (; i <= count - 8; i += 8)
            {
                THalf.Load256(source + i * THalf.Bytes).Store(target + i);
            }
        }
        else
        {
            for (; Vector128.IsHardwareAccelerated && i <= count - 4; i += 4)
            {
                THalf.Load128(source + i * THalf.Bytes).Store(target + i);
            }
        }

        for (; i < count; i++)
        {
            target[i] = THalf.Load(source + i * THalf.Bytes);
        }
    }

    /// <summary>
    /// Scores of all pages, two at a time where there are enough queries; with <paramref name="scratch"/>, keys are converted to f32 there
    /// first.
    /// </summary>
    private void ScorePages<TElement>(in KvPageRun run, int kvHead, float* prepared, int count, float* scores, int stride, float* scratch)
        where TElement : struct, IStoredFloat
    {
        int keys = KvPageLayout.PageTokens * _layout.KeyDim;
        byte** key = stackalloc byte*[2];
        byte** ahead = stackalloc byte*[2];
        for (int page = 0; page < run.Count; page += 2)
        {
            int pages = Math.Min(2, run.Count - page);
            for (int i = 0; i < pages; i++)
            {
                key[i] = _layout.KeysOf(run.Pages[page + i], kvHead);
                ahead[i] = _layout.ValuesOf(run.Pages[page + i], kvHead);
                if (scratch is not null)
                {
                    Convert(key[i], keys, scratch + i * keys);
                    key[i] = (byte*)(scratch + i * keys);
                }
            }

            ScorePages<TElement>(key, ahead, pages, prepared, count, scores + page * KvPageLayout.PageTokens, stride);
        }
    }

    private void ScorePages<TElement>(byte** keys, byte** ahead, int pages, float* prepared, int count, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        for (int q = 0; q < count; q += QueryGroup)
        {
            float* queries = prepared + q * _layout.KeyDim;
            float* target = scores + q * stride;
            if (pages == 2 && count - q > 4 && Avx512F.IsSupported)
            {
                PageScores512.Times8x2<TElement>(keys[0], keys[1], ahead[0], ahead[1], queries, _layout.KeyDim, target, stride);
                continue;
            }

            for (int page = 0; page < pages; page++)
            {
                ScoreGroup<TElement>(keys[page], queries, count - q, target + page * KvPageLayout.PageTokens, stride);
            }
        }
    }

    private void ScoreGroup<TElement>(byte* keys, float* queries, int count, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        int keyDim = _layout.KeyDim;
        if (Avx512F.IsSupported)
        {
            if (count == 1)
            {
                PageScores512.Times1<TElement>(keys, queries, keyDim, scores, stride);
            }
            else if (count <= 4)
            {
                PageScores512.Times4<TElement>(keys, queries, keyDim, scores, stride);
            }
            else
            {
                PageScores512.Times8<TElement>(keys, queries, keyDim, scores, stride);
            }
        }
        else if (Avx2.IsSupported)
        {
            if (count == 1)
            {
                PageScores256.Times1<TElement>(keys, queries, keyDim, scores, stride);
                return;
            }

            PageScores256.Times4<TElement>(keys, queries, keyDim, scores, stride);
            if (count > 4)
            {
                PageScores256.Times4<TElement>(keys, queries + 4, keyDim, scores + 4 * stride, stride);
            }
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            if (count == 1)
            {
                PageScores128.Times1<TElement>(keys, queries, keyDim, scores, stride);
                return;
            }

            PageScores128.Times4<TElement>(keys, queries, keyDim, scores, stride);
            if (count > 4)
            {
                PageScores128.Times4<TElement>(keys, queries + 4, keyDim, scores + 4 * stride, stride);
            }
        }
        else
        {
            PageScalar.Scores<TElement>(keys, queries, keyDim, Math.Min(count, QueryGroup), scores, stride);
        }
    }

    private void AddPages<TElement>(byte** values, byte** ahead, float* weights, int stride, int count, int tokens, float* accumulator)
        where TElement : struct, IStoredFloat
    {
        for (int q = 0; q < count; q += QueryGroup)
        {
            float* p = weights + q * stride;
            float* sums = accumulator + q * _width;
            int left = Math.Min(count - q, QueryGroup);
            if (Avx512F.IsSupported)
            {
                AddGroup512<TElement>(values, ahead, p, stride, left, tokens, sums);
            }
            else if (Avx2.IsSupported)
            {
                AddGroup256<TElement>(values, p, stride, left, tokens, sums);
            }
            else if (Vector128.IsHardwareAccelerated)
            {
                AddGroup128<TElement>(values, p, stride, left, tokens, sums);
            }
            else
            {
                PageScalar.Values<TElement>(values, _width, p, stride, left, tokens, sums);
            }
        }
    }

    private void AddGroup512<TElement>(byte** values, byte** ahead, float* p, int stride, int count, int tokens, float* sums)
        where TElement : struct, IStoredFloat
    {
        int valueBytes = _width * TElement.Bytes;
        int d = 0;
        for (; d <= _width - 32; d += 32)
        {
            long offset = (long)d * TElement.Bytes;
            if (count == 1)
            {
                PageValues512.Add1x32<TElement>(values, offset, valueBytes, p, stride, tokens, sums + d, _width);
            }
            else if (count <= 4)
            {
                PageValues512.Add4x32<TElement>(values, offset, valueBytes, p, stride, tokens, sums + d, _width);
            }
            else
            {
                PageValues512.Add8x32<TElement>(values, offset, ahead, (long)d * 32, valueBytes, p, stride, tokens, sums + d, _width);
            }
        }

        if (d < _width)
        {
            long offset = (long)d * TElement.Bytes;
            if (count == 1)
            {
                PageValues512.Add1x16<TElement>(values, offset, valueBytes, p, stride, tokens, sums + d, _width);
            }
            else if (count <= 4)
            {
                PageValues512.Add4x16<TElement>(values, offset, valueBytes, p, stride, tokens, sums + d, _width);
            }
            else
            {
                PageValues512.Add8x16<TElement>(values, offset, valueBytes, p, stride, tokens, sums + d, _width);
            }
        }
    }

    private void AddGroup256<TElement>(byte** values, float* p, int stride, int count, int tokens, float* sums)
        where TElement : struct, IStoredFloat
    {
        int valueBytes = _width * TElement.Bytes;
        for (int d = 0; d < _width; d += 16)
        {
            long offset = (long)d * TElement.Bytes;
            if (count == 1)
            {
                PageValues256.Add1x16<TElement>(values, offset, valueBytes, p, stride, tokens, sums + d, _width);
                continue;
            }

            PageValues256.Add4x16<TElement>(values, offset, valueBytes, p, stride, tokens, sums + d, _width);
            if (count > 4)
            {
                PageValues256.Add4x16<TElement>(values, offset, valueBytes, p + 4 * stride, stride, tokens, sums + 4 * _width + d, _width);
            }
        }
    }

    private void AddGroup128<TElement>(byte** values, float* p, int stride, int count, int tokens, float* sums)
        where TElement : struct, IStoredFloat
    {
        int valueBytes = _width * TElement.Bytes;
        for (int d = 0; d < _width; d += 16)
        {
            long offset = (long)d * TElement.Bytes;
            if (count == 1)
            {
                PageValues128.Add1x16<TElement>(values, offset, valueBytes, p, stride, tokens, sums + d, _width);
                continue;
            }

            for (int q = 0; q < count; q += 4)
            {
                float* weights = p + q * stride;
                float* target = sums + q * _width + d;
                PageValues128.Add4x8<TElement>(values, offset, valueBytes, weights, stride, tokens, target, _width);
                PageValues128.Add4x8<TElement>(
                    values, offset + 8 * TElement.Bytes, valueBytes, weights, stride, tokens, target + 8, _width);
            }
        }
    }
}
