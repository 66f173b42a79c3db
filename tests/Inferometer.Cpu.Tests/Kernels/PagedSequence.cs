using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Cpu.Tests.Kernels;

/// <summary>
/// A sequence of random keys, values and queries, stored in pages in scattered order, and its attention in double precision.
/// </summary>
internal sealed unsafe class PagedSequence : IDisposable
{
    private readonly KvPageLayout _layout;
    private readonly NativeBuffer _pool;
    private readonly int[] _blocks;
    private readonly float[][] _keys;
    private readonly float[][] _values;

    public PagedSequence(KvPageLayout layout, int tokens, int seed)
    {
        _layout = layout;
        Tokens = tokens;
        int pages = (tokens + 15) / 16;
        _pool = new NativeBuffer((pages + 3) * layout.PageBytes);

        // Whatever nobody wrote must not be read: as numbers these bytes are NaN.
        new Span<byte>(_pool.Address, (int)_pool.ByteCount).Fill(0xFF);
        _blocks = [.. Enumerable.Range(0, pages + 3)];
        new Random(seed).Shuffle(_blocks);
        _keys = [.. Enumerable.Range(0, tokens).Select(t => RandomData.Floats(layout.KvHeads * layout.KeyDim, seed + 2 * t + 1))];
        _values = [.. Enumerable.Range(0, tokens).Select(t => RandomData.Floats(layout.KvHeads * layout.ValueDim, seed + 2 * t + 2))];
        for (int t = 0; t < tokens; t++)
        {
            layout.StoreToken(_pool.Address + _blocks[t / 16] * layout.PageBytes, t % 16, _keys[t], _values[t]);
            layout.LoadToken(_pool.Address + _blocks[t / 16] * layout.PageBytes, t % 16, _keys[t], _values[t]);
        }
    }

    public int Tokens { get; }

    public void AddTo(AttentionBatch batch, KvCodec codec, int firstRow, int queryTokens)
        => batch.AddSequence(firstRow, queryTokens, Tokens - queryTokens, codec, _pool.Address, _layout.PageBytes, _blocks);

    /// <summary>Adds the sequence in segments, each with the next of the codecs.</summary>
    public void AddInSegments(AttentionBatch batch, KvCodec[] codecs, int segmentPages, int firstRow, int queryTokens)
    {
        batch.BeginSequence(firstRow, queryTokens, Tokens - queryTokens);
        for (int page = 0, i = 0; page * 16 < Tokens; page += segmentPages, i++)
        {
            batch.AddSegment(
                codecs[i % codecs.Length], _pool.Address, _layout.PageBytes, _blocks.AsMemory(page),
                Math.Min(segmentPages * 16, Tokens - page * 16));
        }
    }

    /// <summary>Names more tokens than the block table has room for.</summary>
    public void AddUnknownTokens(AttentionBatch batch, KvCodec codec, int tokens)
    {
        batch.BeginSequence(0, 1, 0);
        batch.AddSegment(codec, _pool.Address, _layout.PageBytes, _blocks, tokens);
    }

    /// <summary>Attention of the last tokens.</summary>
    public double[] Reference(float[] queries, int queryTokens, AttentionParameters p)
    {
        double[] output = new double[queryTokens * p.Heads * p.ValueDim];
        for (int t = 0; t < queryTokens; t++)
        {
            for (int head = 0; head < p.Heads; head++)
            {
                int query = Tokens - queryTokens + t;
                int first = p.Window > 0 ? Math.Max(0, query - p.Window + 1) : 0;
                int row = t * p.Heads + head;
                double[] scores = [
                    .. Enumerable.Range(first, query + 1 - first).Select(key => Score(queries, row, key, head / (p.Heads / p.KvHeads), p))];
                double max = scores.Max();
                double sum = scores.Sum(s => Math.Exp(s - max));
                for (int i = 0; i < scores.Length; i++)
                {
                    for (int d = 0; d < p.ValueDim; d++)
                    {
                        output[row * p.ValueDim + d] += Math.Exp(
                            scores[i] - max) / sum * _values[first + i][head / (p.Heads / p.KvHeads) * p.ValueDim + d];
                    }
                }
            }
        }

        return output;
    }

    public void Dispose() => _pool.Dispose();

    private double Score(float[] queries, int row, int key, int kvHead, AttentionParameters p)
    {
        double score = 0;
        for (int d = 0; d < p.KeyDim; d++)
        {
            score += (double)queries[row * p.KeyDim + d] * _keys[key][kvHead * p.KeyDim + d];
        }

        score *= p.Scale;
        return p.Softcap > 0 ? p.Softcap * Math.Tanh(score / p.Softcap) : score;
    }
}
