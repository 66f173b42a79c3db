namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>Working memory of one worker for one tile; grows to the largest shape seen.</summary>
internal sealed unsafe class AttentionScratch : IDisposable
{
    /// <summary>Most codecs in one step.</summary>
    public const int MaxCodecs = 32;

    private readonly nint[] _prepared = new nint[MaxCodecs];
    private readonly nint[] _accumulators = new nint[MaxCodecs];
    private NativeBuffer? _buffer;
    private float* _next;

    /// <summary>Query vectors, [vectors][keyDim].</summary>
    public float* Queries { get; private set; }

    /// <summary>Scores, then probabilities, [vectors][stride].</summary>
    public float* Scores { get; private set; }

    /// <summary>Results, [vectors][valueDim].</summary>
    public float* Output { get; private set; }

    /// <summary>Maximum of each vector's scores.</summary>
    public float* Maxima { get; private set; }

    /// <summary>Sum of exponentials of each vector.</summary>
    public float* Sums { get; private set; }

    /// <summary>The codecs' scratch.</summary>
    public float* CodecScratch { get; private set; }

    /// <summary>Bytes held.</summary>
    public long MemoryBytes => _buffer?.ByteCount ?? 0;

    /// <summary>Lays the memory out for a step.</summary>
    public void Reserve(AttentionBatch batch, in AttentionParameters parameters, int vectors, int scoreStride)
    {
        long floats = 0;
        int codecScratch = 0;
        foreach (KvCodec codec in batch.Codecs)
        {
            floats += Padded((long)vectors * codec.PreparedWidth) + Padded((long)vectors * codec.AccumulatorWidth);
            codecScratch = Math.Max(codecScratch, codec.ScratchFloats);
        }

        floats += Padded((long)vectors * parameters.KeyDim) + Padded((long)vectors * scoreStride)
            + Padded((long)vectors * parameters.ValueDim)
            + 2 * Padded(vectors) + Padded(codecScratch);
        if (_buffer is null || _buffer.ByteCount < floats * sizeof(float))
        {
            _buffer?.Dispose();
            _buffer = new NativeBuffer(floats * sizeof(float));
        }

        _next = (float*)_buffer.Address;
        for (int i = 0; i < batch.Codecs.Length; i++)
        {
            _prepared[i] = (nint)Take((long)vectors * batch.Codecs[i].PreparedWidth);
            _accumulators[i] = (nint)Take((long)vectors * batch.Codecs[i].AccumulatorWidth);
        }

        Queries = Take((long)vectors * parameters.KeyDim);
        Scores = Take((long)vectors * scoreStride);
        Output = Take((long)vectors * parameters.ValueDim);
        Maxima = Take(vectors);
        Sums = Take(vectors);
        CodecScratch = Take(codecScratch);
    }

    /// <summary>Prepared queries for a codec.</summary>
    public float* Prepared(int codec) => (float*)_prepared[codec];

    /// <summary>Accumulated values of a codec.</summary>
    public float* Accumulator(int codec) => (float*)_accumulators[codec];

    /// <inheritdoc/>
    public void Dispose() => _buffer?.Dispose();

    private static long Padded(long floats) => (floats + 15) / 16 * 16;

    private float* Take(long floats)
    {
        float* taken = _next;
        _next += Padded(floats);
        return taken;
    }
}
