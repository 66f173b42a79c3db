using System.Numerics.Tensors;
using Inferometer.Cpu.Kernels.Elementwise;
using Inferometer.Cpu.Threading;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>
/// Attention as it is written down: per query and head the whole row of scores is stored, normalised, and multiplied with the values; every
/// query head reads the keys and values by itself. Kept to compare <see cref="FlashAttention"/> with, in tests and measurements. Sequences
/// must lie in one segment.
/// </summary>
public sealed unsafe class StandardAttention : IDisposable
{
    private readonly WorkerPool _pool;
    private readonly AttentionScratch[] _scratch;
    private readonly HeadWork _work;
    private AttentionBatch _batch = new();
    private AttentionParameters _parameters;
    private int _scoreStride;
    private float* _queries;
    private float* _output;

    /// <summary>Attention on the threads of <paramref name="pool"/>, which is not disposed with it.</summary>
    public StandardAttention(WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        _pool = pool;
        _scratch = new AttentionScratch[pool.ThreadCount];
        for (int i = 0; i < _scratch.Length; i++)
        {
            _scratch[i] = new AttentionScratch();
        }

        _work = new HeadWork(this);
    }

    /// <summary>Bytes of working memory held; grows to the largest step.</summary>
    public long MemoryBytes => _scratch.Sum(scratch => scratch.MemoryBytes);

    /// <summary>Computes the attention of all sequences of a step; arguments as <see cref="FlashAttention.Run"/>.</summary>
    /// <exception cref="InvalidOperationException">The shape makes no sense, or a sequence lacks keys or has several segments.</exception>
    public void Run(AttentionBatch batch, in AttentionParameters parameters, ReadOnlySpan<float> queries, Span<float> output)
    {
        ArgumentNullException.ThrowIfNull(batch);
        parameters.Validate(batch.ValidatedRowCount(), queries, output);
        _batch = batch;
        _parameters = parameters;
        int longest = 0;
        foreach (ref readonly AttentionBatch.Sequence sequence in batch.Sequences)
        {
            if (sequence.SegmentCount != 1)
            {
                throw new InvalidOperationException("Standard attention reads sequences of one segment only.");
            }

            longest = Math.Max(longest, sequence.Tokens);
        }

        _scoreStride = (longest + KvPageLayout.PageTokens - 1) / KvPageLayout.PageTokens * KvPageLayout.PageTokens;
        foreach (AttentionScratch scratch in _scratch)
        {
            scratch.Reserve(batch, parameters, KvCodec.QueryGroup, _scoreStride);
        }

        fixed (float* q = queries, y = output)
        {
            _queries = q;
            _output = y;
            _pool.Run(_work, batch.SequenceCount * parameters.Heads);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AttentionScratch scratch in _scratch)
        {
            scratch.Dispose();
        }
    }

    private void Execute(int sequenceIndex, int head, AttentionScratch scratch)
    {
        AttentionBatch.Sequence sequence = _batch.Sequences[sequenceIndex];
        for (int t = 0; t < sequence.QueryTokens; t++)
        {
            Attend(sequence, _batch.Segments[sequence.FirstSegment], head, t, scratch);
        }
    }

    private void Attend(
        in AttentionBatch.Sequence sequence, in AttentionBatch.Segment segment, int head, int token, AttentionScratch scratch)
    {
        KvCodec codec = segment.Codec;
        int kvHead = head / _parameters.GroupHeads;
        int query = sequence.PastTokens + token;
        long row = (long)(sequence.FirstRow + token) * _parameters.Heads + head;
        for (int d = 0; d < _parameters.KeyDim; d++)
        {
            scratch.Queries[d] = _queries[row * _parameters.KeyDim + d] * _parameters.Scale;
        }

        codec.PrepareQueries(kvHead, scratch.Queries, 1, scratch.Prepared(segment.CodecIndex));
        byte** pages = stackalloc byte*[KvCodec.MaxRunPages];
        int end = _parameters.EndVisible(query, sequence.Tokens);
        for (int position = 0; position < end; position += KvCodec.MaxRunPages * KvPageLayout.PageTokens)
        {
            KvPageRun run = RunAt(segment, position, end, pages);
            codec.Scores(
                run, kvHead, scratch.Prepared(segment.CodecIndex), 1, scratch.Scores + position, _scoreStride, scratch.CodecScratch);
        }

        Normalise(scratch.Scores, query, end, head, codec.ProbabilityScale);
        Span<float> accumulator = new(scratch.Accumulator(segment.CodecIndex), codec.AccumulatorWidth);
        accumulator.Clear();
        for (int position = 0; position < end; position += KvCodec.MaxRunPages * KvPageLayout.PageTokens)
        {
            KvPageRun run = RunAt(segment, position, end, pages);
            int tokens = Math.Min(end - position, run.Count * KvPageLayout.PageTokens);
            codec.Accumulate(
                run, kvHead, scratch.Scores + position, _scoreStride, 1, tokens, scratch.Accumulator(segment.CodecIndex),
                scratch.CodecScratch);
        }

        float* output = _output + row * _parameters.ValueDim;
        new Span<float>(output, _parameters.ValueDim).Clear();
        codec.AddTo(kvHead, scratch.Accumulator(segment.CodecIndex), 1, output);
    }

    private void Normalise(float* scores, int query, int end, int head, float scale)
    {
        int first = _parameters.FirstVisible(query);
        new Span<float>(scores, first).Clear();
        Span<float> visible = new(scores + first, end - first);
        if (_parameters.Softcap > 0)
        {
            Softcap.Apply(visible, _parameters.Softcap);
        }

        _parameters.AddDistances(visible, first, query, head);
        if (_parameters.Sinks is { } sinks)
        {
            float highest = MathF.Max(Reductions.Max(visible), sinks[head]);
            float sum = Softmax.ExpAndSum(visible, highest, 1) + MathF.Exp(sinks[head] - highest);
            TensorPrimitives.Multiply(visible, scale / sum, visible);
            return;
        }

        Softmax.Apply(visible);
        TensorPrimitives.Multiply(visible, scale, visible);
    }

    private static KvPageRun RunAt(in AttentionBatch.Segment segment, int position, int end, byte** pages)
    {
        ReadOnlySpan<int> blocks = segment.Blocks.Span;
        int firstPage = position / KvPageLayout.PageTokens;
        int count = Math.Min(KvCodec.MaxRunPages, ((end - 1) / KvPageLayout.PageTokens) + 1 - firstPage);
        for (int i = 0; i < count; i++)
        {
            pages[i] = segment.Pool + blocks[firstPage + i] * segment.PageStride;
        }

        return new KvPageRun(pages, count, position);
    }

    private sealed class HeadWork(StandardAttention attention) : ParallelWork
    {
        public override void Execute(int chunk, int worker)
            => attention.Execute(chunk / attention._parameters.Heads, chunk % attention._parameters.Heads, attention._scratch[worker]);
    }
}
