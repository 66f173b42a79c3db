using System.Diagnostics;
using System.Globalization;
using Inferometer.Compression.Codecs;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Threading;

namespace Inferometer.Compression.Tests.Codecs;

/// <summary>
/// Time of the attention of a decoded token over 4096 stored ones, all 22 layers in the shape of a 1.1B model (whose KV heads are shared by
/// 8 query heads), so that pages come from memory; a measurement for docs/compression.md, not a check.
/// </summary>
public sealed unsafe class AttentionSpeedTests
{
    private const int Context = 4096, KvHeads = 4, Width = 64, Layers = 22, Rounds = 60;

    [Theory(Explicit = true)]
    [InlineData(8)]
    [InlineData(4)]
    [InlineData(1)]
    public void Time_of_attention_over_exact_and_compressed_pages(int groupHeads)
    {
        int heads = KvHeads * groupHeads;
        KvPageLayout layout = new(KvHeads, Width, Width, KvElement.F16);
        KvCodec[] codecs = [new ExactKvCodec(layout), new RotatedQuantizationCodec(layout, 8), new RotatedQuantizationCodec(layout, 4)];
        double[] best = [.. codecs.Select(_ => double.PositiveInfinity)];
        NativeBuffer[] pages = [.. codecs.Select(codec => new NativeBuffer(Layers * Context / 16 * codec.PageBytes))];
        int[] blocks = [.. Enumerable.Range(0, Context / 16)];
        float[] queries = LatentPageTests.Random(heads * Width, 1), output = new float[queries.Length];
        AttentionParameters parameters = new() { Heads = heads, KvHeads = KvHeads, KeyDim = Width, ValueDim = Width, Scale = 0.125f };
        using WorkerPool pool = new(2);
        using FlashAttention attention = new(pool);
        AttentionBatch batch = new();
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < codecs.Length; i++)
            {
                // Alternating, so that whatever else the machine does hits all alike; the best round counts.
                long start = Stopwatch.GetTimestamp();
                for (int layer = 0; layer < Layers; layer++)
                {
                    batch.Clear();
                    batch.AddSequence(
                        0, 1, Context - 1, codecs[i], pages[i].Address + layer * Context / 16 * codecs[i].PageBytes, codecs[i].PageBytes,
                        blocks);
                    attention.Run(batch, parameters, queries, output);
                }

                best[i] = Math.Min(best[i], Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        }

        for (int i = 0; i < codecs.Length; i++)
        {
            TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{groupHeads} query heads per KV head, {codecs[i].GetType().Name}, {codecs[i].PageBytes / 16} bytes per token and layer: "
                + $"{best[i]:0} us"));
            pages[i].Dispose();
        }

        Assert.All(best, time => Assert.True(double.IsFinite(time)));
    }
}
