using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Threading;

namespace Inferometer.Benchmarks.Kernels;

/// <summary>
/// One sequence of random keys and values in pages, with 32 query heads over 4 KV heads of 64, as the 1.1B llama shape has.
/// </summary>
internal sealed unsafe class AttentionFixture : IDisposable
{
    private readonly NativeBuffer _pages;
    private readonly FlashAttention _flash;
    private readonly StandardAttention _standard;
    private readonly AttentionBatch _batch = new();
    private readonly float[] _queries;
    private readonly float[] _output;

    public AttentionFixture(WorkerPool pool, int tokens, int queryTokens, KvElement element)
    {
        KvPageLayout layout = new(Parameters.KvHeads, Parameters.KeyDim, Parameters.ValueDim, element);
        int pageCount = (tokens + KvPageLayout.PageTokens - 1) / KvPageLayout.PageTokens;
        _pages = new NativeBuffer(pageCount * layout.PageBytes);
        Random random = new(1);
        float[] values = [.. Enumerable.Range(0, Parameters.KvHeads * Parameters.KeyDim).Select(_ => random.NextSingle() - 0.5f)];
        for (int t = 0; t < tokens; t++)
        {
            layout.StoreToken(_pages.Address + t / KvPageLayout.PageTokens * layout.PageBytes, t % KvPageLayout.PageTokens, values, values);
        }

        KvBytes = _pages.ByteCount;
        _flash = new FlashAttention(pool);
        _standard = new StandardAttention(pool);
        _batch.AddSequence(
            0, queryTokens, tokens - queryTokens, new ExactKvCodec(layout), _pages.Address, layout.PageBytes,
            Enumerable.Range(0, pageCount).ToArray());
        _queries = new float[queryTokens * Parameters.Heads * Parameters.KeyDim];
        _output = new float[queryTokens * Parameters.Heads * Parameters.ValueDim];
        Array.Fill(_queries, 0.1f);
    }

    public static AttentionParameters Parameters { get; } = new() { Heads = 32, KvHeads = 4, KeyDim = 64, ValueDim = 64, Scale = 0.125f };

    public long KvBytes { get; }

    public void Flash() => _flash.Run(_batch, Parameters, _queries, _output);

    public void Standard() => _standard.Run(_batch, Parameters, _queries, _output);

    public void Dispose()
    {
        _flash.Dispose();
        _standard.Dispose();
        _pages.Dispose();
    }
}
