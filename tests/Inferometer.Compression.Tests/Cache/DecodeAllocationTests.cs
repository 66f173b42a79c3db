using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.Runners;

namespace Inferometer.Compression.Tests.Cache;

/// <summary>
/// Decoding over a compressed cache allocates nothing either, blocks that are compressed on the way included. Alone in the process, so that
/// the whole process's count is its own.
/// </summary>
[Collection(nameof(Alone))]
public sealed class DecodeAllocationTests
{
    private const int Blocks = 40;

    [Theory]
    [InlineData("q8")]
    [InlineData("q4")]
    public void A_forward_step_that_decodes_allocates_nothing_on_any_thread(string setting)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("inferometer-test-");
        try
        {
            string path = Path.Combine(folder.FullName, "m.gguf");
            SyntheticShape shape = new()
            {
                HiddenSize = 256,
                Layers = 2,
                Heads = 4,
                KvHeads = 2,
                FeedForwardSize = 512,
                VocabularySize = 300,
                ContextTokens = 1024,
            };
            SyntheticModel.Write(path, shape, GgmlType.Q8_0, 1, cancellationToken: TestContext.Current.CancellationToken);
            using TransformerModel model = TransformerModel.Load(
                path, new LoadOptions { Threads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
            using KvCache cache = KvCacheSetting.Parse(setting, path).CreateCache(model, Blocks, 1, 1);
            Assert.Equal(0, LeastAllocation(model, cache));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Least bytes of several windows of 40 tokens, after 340.</summary>
    private static long LeastAllocation(TransformerModel model, KvCache cache)
    {
        ForwardBatch batch = new();
        int[] token = [5];
        int[] blocks = [.. Enumerable.Range(0, Blocks)];
        float[] logits = new float[model.Architecture.VocabularySize];
        long least = long.MaxValue, start = 0;
        for (int past = 0; past < 460; past++)
        {
            if (past > 320 && past % 40 == 20)
            {
                least = start == 0 ? least : Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - start);
                start = GC.GetTotalAllocatedBytes(precise: true);
            }

            batch.Clear();
            batch.Add(token, past, blocks);
            model.Forward(batch, cache, logits);
        }

        return least;
    }
}

/// <summary>Tests that must have the process to themselves.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
