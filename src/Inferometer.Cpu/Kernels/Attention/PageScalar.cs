namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>The page kernels in plain code, for machines without vectors, and what the others are checked against.</summary>
internal static unsafe class PageScalar
{
    /// <summary>Scores of <paramref name="count"/> queries, at most 8.</summary>
    public static void Scores<TElement>(byte* keys, float* queries, int keyDim, int count, float* scores, int stride)
        where TElement : struct, IStoredFloat
    {
        for (int q = 0; q < count; q++)
        {
            for (int t = 0; t < KvPageLayout.PageTokens; t++)
            {
                float sum = 0;
                for (int d = 0; d < keyDim; d++)
                {
                    sum += TElement.Load(keys + (d * KvPageLayout.PageTokens + t) * TElement.Bytes) * queries[d * KvCodec.QueryGroup + q];
                }

                scores[q * stride + t] = sum;
            }
        }
    }

    /// <summary>Weighted sums for <paramref name="count"/> queries.</summary>
    public static void Values<TElement>(byte** pages, int valueDim, float* probabilities, int stride, int count, int tokens, float* sums)
        where TElement : struct, IStoredFloat
    {
        for (int q = 0; q < count; q++)
        {
            for (int t = 0; t < tokens; t++)
            {
                for (int d = 0; d < valueDim; d++)
                {
                    sums[q * valueDim + d] += TElement
                        .Load(pages[t / KvPageLayout.PageTokens] + (t % KvPageLayout.PageTokens * valueDim + d) * TElement.Bytes)
                            * probabilities[q * stride + t];
                }
            }
        }
    }
}
