using System.Numerics.Tensors;
using Inferometer.Cpu.Threading;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>
/// Attention over paged keys and values in tiles, without ever storing a row of scores (Dao et al. 2022; split along keys for
/// decoding as in flash-decoding). Query heads that share a KV head are one tile, so its keys and values are read once for all of them.
/// </summary>
/// <remarks>One run at a time. Results do not depend on the number of threads. A warm run allocates nothing.</remarks>
public sealed unsafe class FlashAttention : IDisposable
{
    private const int ScoreStride = KvCodec.MaxRunPages * KvPageLayout.PageTokens;

    private readonly WorkerPool _pool;
    private readonly AttentionPlan _plan = new();
    private readonly AttentionScratch[] _scratch;
    private readonly TileWork _work;
    private NativeBuffer? _partials;
    private int[] _unfinished = [];

    private AttentionBatch _batch = new();
    private AttentionParameters _parameters;
    private float* _queries;
    private float* _output;
    private int _partialFloats;

    /// <summary>Attention on the threads of <paramref name="pool"/>, which is not disposed with it.</summary>
    public FlashAttention(WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        _pool = pool;
        _scratch = new AttentionScratch[pool.ThreadCount];
        for (int i = 0; i < _scratch.Length; i++)
        {
            _scratch[i] = new AttentionScratch();
        }

        _work = new TileWork(this);
    }

    /// <summary>Bytes of working memory held; grows to the largest step.</summary>
    public long MemoryBytes => _scratch.Sum(scratch => scratch.MemoryBytes) + (_partials?.ByteCount ?? 0);

    /// <summary>Computes the attention of all sequences of a step.</summary>
    /// <param name="batch">Sequences and their pages.</param>
    /// <param name="parameters">Shape and scale.</param>
    /// <param name="queries">[rows][Heads * KeyDim], rotated.</param>
    /// <param name="output">[rows][Heads * ValueDim]; rows no sequence names are left alone.</param>
    /// <exception cref="InvalidOperationException">The shape makes no sense, or a sequence lacks keys.</exception>
    public void Run(AttentionBatch batch, in AttentionParameters parameters, ReadOnlySpan<float> queries, Span<float> output)
    {
        ArgumentNullException.ThrowIfNull(batch);
        parameters.Validate(batch.ValidatedRowCount(), queries, output);
        if (batch.Codecs.Length > AttentionScratch.MaxCodecs)
        {
            throw new InvalidOperationException(
                $"{batch.Codecs.Length} codecs in one step; at most {AttentionScratch.MaxCodecs} are possible.");
        }

        _batch = batch;
        _parameters = parameters;
        _plan.Build(batch, parameters);
        foreach (AttentionScratch scratch in _scratch)
        {
            scratch.Reserve(batch, parameters, _plan.MaxVectors, ScoreStride);
        }

        ReservePartials();
        fixed (float* q = queries, y = output)
        {
            _queries = q;
            _output = y;
            _pool.Run(_work, _plan.Tiles.Length);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _partials?.Dispose();
        foreach (AttentionScratch scratch in _scratch)
        {
            scratch.Dispose();
        }
    }

    private void ReservePartials()
    {
        _partialFloats = _plan.MaxVectors * (_parameters.ValueDim + 2);
        long bytes = (long)_plan.PartialCount * _partialFloats * sizeof(float);
        if (_partials is null || _partials.ByteCount < bytes)
        {
            _partials?.Dispose();
            _partials = new NativeBuffer(bytes);
        }

        if (_unfinished.Length < _plan.PartialCount)
        {
            _unfinished = new int[_plan.PartialCount];
        }

        foreach (ref readonly AttentionTile tile in _plan.Tiles)
        {
            if (tile.SplitCount > 1)
            {
                _unfinished[tile.FirstPartial] = tile.SplitCount;
            }
        }
    }

    private void Execute(in AttentionTile tile, AttentionScratch scratch)
    {
        int vectors = tile.Tokens * _parameters.GroupHeads;
        LoadQueries(tile, scratch.Queries);
        new Span<float>(scratch.Maxima, vectors).Fill(float.NegativeInfinity);
        new Span<float>(scratch.Sums, vectors).Clear();
        new Span<float>(scratch.Output, vectors * _parameters.ValueDim).Clear();

        ref readonly AttentionBatch.Sequence sequence = ref _batch.Sequences[tile.Sequence];
        uint prepared = 0;
        foreach (ref readonly AttentionBatch.Segment segment in _batch.Segments.Slice(sequence.FirstSegment, sequence.SegmentCount))
        {
            int start = Math.Max(tile.KeyStart, segment.FirstPosition);
            int end = Math.Min(tile.KeyEnd, segment.FirstPosition + segment.Tokens);
            if (start >= end)
            {
                continue;
            }

            if ((prepared >> segment.CodecIndex & 1) == 0)
            {
                prepared |= 1u << segment.CodecIndex;
                segment.Codec.PrepareQueries(tile.KvHead, scratch.Queries, vectors, scratch.Prepared(segment.CodecIndex));
                int rows = (vectors + KvCodec.QueryGroup - 1) / KvCodec.QueryGroup * KvCodec.QueryGroup;
                new Span<float>(scratch.Accumulator(segment.CodecIndex), rows * segment.Codec.AccumulatorWidth).Clear();
            }

            for (int position = start; position < end; position += ScoreStride)
            {
                AttendRun(tile, sequence, segment, position, end, prepared, scratch);
            }
        }

        for (int i = 0; i < _batch.Codecs.Length; i++)
        {
            if ((prepared >> i & 1) != 0)
            {
                _batch.Codecs[i].AddTo(tile.KvHead, scratch.Accumulator(i), vectors, scratch.Output);
            }
        }

        if (tile.SplitCount == 1)
        {
            WriteOutput(tile, scratch.Output, scratch.Sums, scratch.Maxima);
        }
        else
        {
            KeepPartial(tile, vectors, scratch);
        }
    }

    /// <summary>
    /// Attends to the keys of a segment from <paramref name="position"/> on: as many pages as a run has, at most to <paramref name="end"/>.
    /// </summary>
    private void AttendRun(
        in AttentionTile tile, in AttentionBatch.Sequence sequence, in AttentionBatch.Segment segment, int position, int end, uint prepared,
        AttentionScratch scratch)
    {
        byte** pages = stackalloc byte*[2 * KvCodec.MaxRunPages];
        ReadOnlySpan<int> blocks = segment.Blocks.Span;
        int firstPage = (position - segment.FirstPosition) / KvPageLayout.PageTokens;
        int tokens = Math.Min(ScoreStride, end - position);
        int count = (tokens + KvPageLayout.PageTokens - 1) / KvPageLayout.PageTokens;
        int known = Math.Min((end - position + KvPageLayout.PageTokens - 1) / KvPageLayout.PageTokens, 2 * KvCodec.MaxRunPages);
        for (int i = 0; i < known; i++)
        {
            pages[i] = segment.Pool + blocks[firstPage + i] * segment.PageStride;
        }

        KvPageRun run = new(pages, count, position, known - count);
        int vectors = tile.Tokens * _parameters.GroupHeads;
        float* scores = scratch.Scores;
        segment.Codec.Scores(run, tile.KvHead, scratch.Prepared(segment.CodecIndex), vectors, scores, ScoreStride, scratch.CodecScratch);
        int width = count * KvPageLayout.PageTokens;
        for (int v = 0; v < vectors; v++)
        {
            float* row = scores + v * ScoreStride;
            if (_parameters.Softcap > 0)
            {
                Elementwise.Softcap.Apply(new Span<float>(row, width), _parameters.Softcap);
            }

            int query = sequence.PastTokens + tile.FirstToken + v / _parameters.GroupHeads;
            int head = (tile.KvHead * _parameters.GroupHeads) + (v % _parameters.GroupHeads);
            _parameters.AddDistances(new Span<float>(row, width), position, query, head);
            Mask(row, position, width, query, Math.Min(position + tokens, _parameters.EndVisible(query, sequence.Tokens)));
            float correction = OnlineSoftmax.Update(row, width, segment.Codec.ProbabilityScale, ref scratch.Maxima[v], ref scratch.Sums[v]);
            for (int codec = 0; correction != 1 && codec < _batch.Codecs.Length; codec++)
            {
                if ((prepared >> codec & 1) != 0)
                {
                    int accumulated = _batch.Codecs[codec].AccumulatorWidth;
                    OnlineSoftmax.Rescale(scratch.Accumulator(codec) + v * accumulated, accumulated, correction);
                }
            }
        }

        segment.Codec.Accumulate(
            run, tile.KvHead, scores, ScoreStride, vectors, tokens, scratch.Accumulator(segment.CodecIndex), scratch.CodecScratch);
    }

    /// <summary>Hides keys before the query's window, and beyond the end of what it sees of the stretch.</summary>
    private void Mask(float* scores, int position, int count, int query, int end)
    {
        int visibleEnd = end - position;
        if (visibleEnd < count)
        {
            int from = Math.Max(visibleEnd, 0);
            new Span<float>(scores + from, count - from).Fill(float.NegativeInfinity);
        }

        int visibleStart = _parameters.FirstVisible(query) - position;
        if (visibleStart > 0)
        {
            new Span<float>(scores, Math.Min(visibleStart, count)).Fill(float.NegativeInfinity);
        }
    }

    private void LoadQueries(in AttentionTile tile, float* target)
    {
        ref readonly AttentionBatch.Sequence sequence = ref _batch.Sequences[tile.Sequence];
        int group = _parameters.GroupHeads;
        int keyDim = _parameters.KeyDim;
        for (int t = 0; t < tile.Tokens; t++)
        {
            long row = sequence.FirstRow + tile.FirstToken + t;
            float* source = _queries + (row * _parameters.Heads + (long)tile.KvHead * group) * keyDim;
            Span<float> scaled = new(target + t * group * keyDim, group * keyDim);
            new ReadOnlySpan<float>(source, group * keyDim).CopyTo(scaled);
            TensorPrimitives.Multiply(scaled, _parameters.Scale, scaled);
        }
    }

    private void WriteOutput(in AttentionTile tile, float* values, float* sums, float* maxima)
    {
        ref readonly AttentionBatch.Sequence sequence = ref _batch.Sequences[tile.Sequence];
        int group = _parameters.GroupHeads;
        int valueDim = _parameters.ValueDim;
        for (int v = 0; v < tile.Tokens * group; v++)
        {
            long row = sequence.FirstRow + tile.FirstToken + v / group;
            float* target = _output + (row * _parameters.Heads + (long)tile.KvHead * group + v % group) * valueDim;
            Span<float> result = new(target, valueDim);
            new ReadOnlySpan<float>(values + v * valueDim, valueDim).CopyTo(result);
            float sum = sums[v];
            if (_parameters.Sinks is { } sinks)
            {
                sum += MathF.Exp(sinks[(tile.KvHead * group) + (v % group)] - maxima[v]);
            }

            TensorPrimitives.Multiply(result, 1 / sum, result);
        }
    }

    /// <summary>Stores the result over one split of the keys; who finishes last combines them all, in order.</summary>
    private void KeepPartial(in AttentionTile tile, int vectors, AttentionScratch scratch)
    {
        int valueDim = _parameters.ValueDim;
        float* partials = (float*)_partials!.Address + (long)tile.FirstPartial * _partialFloats;
        float* mine = partials + (long)tile.Split * _partialFloats;
        new ReadOnlySpan<float>(scratch.Maxima, vectors).CopyTo(new Span<float>(mine, vectors));
        new ReadOnlySpan<float>(scratch.Sums, vectors).CopyTo(new Span<float>(mine + vectors, vectors));
        new ReadOnlySpan<float>(scratch.Output, vectors * valueDim).CopyTo(new Span<float>(mine + 2 * vectors, vectors * valueDim));
        if (Interlocked.Decrement(ref _unfinished[tile.FirstPartial]) > 0)
        {
            return;
        }

        for (int v = 0; v < vectors; v++)
        {
            float maximum = float.NegativeInfinity;
            for (int split = 0; split < tile.SplitCount; split++)
            {
                maximum = MathF.Max(maximum, partials[(long)split * _partialFloats + v]);
            }

            scratch.Maxima[v] = maximum;

            Span<float> output = new(scratch.Output + v * valueDim, valueDim);
            output.Clear();
            scratch.Sums[v] = 0;
            for (int split = 0; split < tile.SplitCount; split++)
            {
                float* partial = partials + (long)split * _partialFloats;
                float weight = MathF.Exp(partial[v] - maximum);
                scratch.Sums[v] += weight * partial[vectors + v];
                TensorPrimitives.MultiplyAdd(
                    new ReadOnlySpan<float>(partial + 2 * vectors + v * valueDim, valueDim), weight, output, output);
            }
        }

        WriteOutput(tile, scratch.Output, scratch.Sums, scratch.Maxima);
    }

    private sealed class TileWork(FlashAttention attention) : ParallelWork
    {
        public override void Execute(int chunk, int worker) => attention.Execute(attention._plan.Tiles[chunk], attention._scratch[worker]);
    }
}
