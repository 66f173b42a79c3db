namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>
/// How keys and values of a stretch of pages are stored, and the two products attention needs of them. A sequence may store different
/// stretches under different codecs: the attention driver runs one online softmax over all of them.
/// </summary>
/// <remarks>
/// A codec is free in what it multiplies: it transforms the queries once per query tile (a rotation, a projection to latents), may
/// accumulate values in a space of its own, and transforms the sum back once at the end. Called from several threads at a time with
/// different buffers; implementations hold no mutable state.
/// </remarks>
public abstract unsafe class KvCodec
{
    /// <summary>Most pages in one <see cref="KvPageRun"/>.</summary>
    public const int MaxRunPages = 16;

    /// <summary>Query vectors are prepared in groups of so many.</summary>
    public const int QueryGroup = 8;

    /// <summary>Bytes of a page: one layer, all KV heads.</summary>
    public abstract long PageBytes { get; }

    /// <summary>Floats per query vector that <see cref="PrepareQueries"/> writes.</summary>
    public abstract int PreparedWidth { get; }

    /// <summary>Floats per query vector of the value accumulator.</summary>
    public abstract int AccumulatorWidth { get; }

    /// <summary>Floats of scratch memory that <see cref="Scores"/> and <see cref="Accumulate"/> need.</summary>
    public abstract int ScratchFloats { get; }

    /// <summary>Factor the probabilities are multiplied with before <see cref="Accumulate"/> sees them.</summary>
    public virtual float ProbabilityScale => 1;

    /// <summary>Transforms query vectors into the form <see cref="Scores"/> reads.</summary>
    /// <param name="kvHead">KV head they belong to.</param>
    /// <param name="queries">[count][keyDim], the softmax scale multiplied in.</param>
    /// <param name="count">Query vectors.</param>
    /// <param name="prepared">Room for count rounded up to <see cref="QueryGroup"/> times <see cref="PreparedWidth"/> floats.</param>
    public abstract void PrepareQueries(int kvHead, float* queries, int count, float* prepared);

    /// <summary>scores[i * stride + t] = query i times key t, for all 16 tokens of every page.</summary>
    /// <param name="run">The pages.</param>
    /// <param name="kvHead">KV head.</param>
    /// <param name="prepared">Prepared queries.</param>
    /// <param name="count">Query vectors; rows up to the next multiple of <see cref="QueryGroup"/> may be written.</param>
    /// <param name="scores">Output, rows of <paramref name="stride"/> floats.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="scratch"><see cref="ScratchFloats"/> floats.</param>
    public abstract void Scores(in KvPageRun run, int kvHead, float* prepared, int count, float* scores, int stride, float* scratch);

    /// <summary>accumulator[i] += sum over t of probabilities[i * stride + t] times value t.</summary>
    /// <param name="run">The pages.</param>
    /// <param name="kvHead">KV head.</param>
    /// <param name="probabilities">Rows of <paramref name="stride"/> floats, times <see cref="ProbabilityScale"/>; rows up to the next
    /// multiple of <see cref="QueryGroup"/> are zero or harmless.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="count">Query vectors.</param>
    /// <param name="tokens">Tokens that exist, counted from the first page; later slots hold anything.</param>
    /// <param name="accumulator">[count rounded up to <see cref="QueryGroup"/>][<see cref="AccumulatorWidth"/>].</param>
    /// <param name="scratch"><see cref="ScratchFloats"/> floats.</param>
    public abstract void Accumulate(
        in KvPageRun run, int kvHead, float* probabilities, int stride, int count, int tokens, float* accumulator, float* scratch);

    /// <summary>output[i] += accumulated value i, transformed back to the value space.</summary>
    /// <param name="kvHead">KV head.</param>
    /// <param name="accumulator">[count][<see cref="AccumulatorWidth"/>].</param>
    /// <param name="count">Query vectors.</param>
    /// <param name="output">[count][valueDim].</param>
    public abstract void AddTo(int kvHead, float* accumulator, int count, float* output);
}
