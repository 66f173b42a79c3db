using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Runners;

namespace Inferometer.Compression.Tests.Cache;

public sealed class CompressedKvCacheTests(Tales tales) : IClassFixture<Tales>
{
    private static readonly ExactWindow Short = new(4, 16);

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    public void Full_rank_without_quantisation_gives_the_logits_of_the_exact_cache(int headGroupSize, bool calibrated)
    {
        int[] tokens = tales.Windows("heldout.txt", 200, 1)[0];
        ModelBases bases = calibrated
            ? tales.Bases(256, 2, headGroupSize)
            : ModelBases.FromWeights(tales.Model, headGroupSize, TestContext.Current.CancellationToken);
        KvCompression full = KvCompression.LowRank("full", tales.Model, bases, LatentAllocation.Fixed(bases, 64, 64, 32), Short);
        using CompressedKvCache cache = new(tales.Model.Architecture, full.Codecs, 20, 8, Short, KvElement.F32);
        using KvCache exact = tales.Model.CreateCache(20, KvElement.F32);
        float[] expected = Run(exact, tokens, 7), actual = Run(cache, tokens, 7);
        Assert.True(cache.CompressedBlocks >= 8, $"{cache.CompressedBlocks} blocks are compressed");
        Assert.InRange(expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max(), 0, 1e-4);
    }

    [Fact]
    public void Blocks_are_exact_while_new_and_at_the_start_and_compressed_between()
    {
        KvCompression compression = KvCompression.RotatedQuantization(tales.Model, 8, Short);
        using CompressedKvCache cache = compression.CreateCache(20, 1, 16);
        Run(cache, tales.Windows("heldout.txt", 101, 1)[0], 16);

        // 101 tokens in 7 blocks: block 0 holds the sinks, tokens 85 to 100 are recent, so blocks 1 to 4 (tokens 16 to 79) are compressed.
        int[] table = Table(20);
        Assert.Equal([false, true, true, true, true, false, false], table[..7].Select(cache.IsCompressed));
        Assert.Equal((4, 3), (cache.CompressedBlocks, cache.ExactBlocks));
        Assert.Equal(0, cache.EarlyCompressions);
    }

    [Fact]
    public void Memory_is_that_of_compressed_blocks_and_few_exact_ones()
    {
        KvCompression compression = KvCompression.RotatedQuantization(tales.Model, 4, ExactWindow.Default);
        using CompressedKvCache cache = compression.CreateCache(1000, 1, 16);
        int exactPages = ExactWindow.Default.PagesFor(1, 16); // 1 sink + 8 recent + 3 + 1 of the step
        Assert.Equal(13, exactPages);
        Assert.Equal(
            1000 * compression.BytesPerBlock + exactPages * PagedKvCache.BytesPerBlock(tales.Model.Architecture), cache.MemoryBytes);
        Assert.InRange((double)cache.MemoryBytes / (1000 * PagedKvCache.BytesPerBlock(tales.Model.Architecture)), 0.28, 0.30);
    }

    [Fact]
    public void Steps_of_any_size_and_sequences_in_a_batch_change_little()
    {
        IReadOnlyList<int[]> texts = tales.Windows("heldout.txt", 150, 3);
        KvCompression compression = KvCompression.RotatedQuantization(tales.Model, 8, Short);
        using CompressedKvCache single = compression.CreateCache(10, 1, 8);
        float[] expected = Run(single, texts[1], 8);
        using CompressedKvCache shared = compression.CreateCache(30, 3, 24);
        float[] together = new float[3 * 8 * tales.Model.Architecture.VocabularySize];
        int[] table = Table(30);
        ForwardBatch batch = new();
        int past = 0;
        for (; past < 150; past += 8)
        {
            int count = Math.Min(8, 150 - past);
            batch.Clear();
            for (int i = 0; i < 3; i++)
            {
                batch.Add(texts[i].AsMemory(past, count), past, table.AsMemory(i * 10, 10), 1);
            }

            tales.Model.Forward(batch, shared, together);
        }

        int vocabulary = tales.Model.Architecture.VocabularySize;
        Assert.InRange(expected.Zip(together.Skip(vocabulary).Take(vocabulary), (a, b) => Math.Abs(a - b)).Max(), 0, 1e-3);
    }

    [Fact]
    public void A_prefix_of_compressed_blocks_serves_another_sequence()
    {
        int[] tokens = tales.Windows("heldout.txt", 120, 1)[0];
        KvCompression compression = KvCompression.RotatedQuantization(tales.Model, 8, Short);
        using CompressedKvCache cache = compression.CreateCache(20, 2, 16);
        float[] expected = Run(cache, tokens, 16);

        // The second sequence shares the first six blocks (96 tokens) and continues in blocks of its own.
        int[] table = Table(20), other = [.. table[..6], .. table[10..]];
        float[] logits = Step(cache, tokens.AsMemory(96, 24), 96, other);
        Assert.InRange(expected.Zip(logits, (a, b) => Math.Abs(a - b)).Max(), 0, 0.1);
        Assert.Equal(Argmax(expected), Argmax(logits));
    }

    [Fact]
    public void A_copied_block_holds_what_the_original_holds_exact_or_compressed()
    {
        int[] tokens = tales.Windows("heldout.txt", 90, 1)[0];
        KvCompression compression = KvCompression.RotatedQuantization(tales.Model, 8, Short);
        using CompressedKvCache cache = compression.CreateCache(20, 2, 16);
        Run(cache, tokens.AsSpan(0, 89).ToArray(), 16);
        int[] table = Table(20), copies = [.. table[10..]];
        for (int i = 0; i < 6; i++)
        {
            cache.CopyBlock(table[i], copies[i]);
            Assert.Equal(cache.IsCompressed(table[i]), cache.IsCompressed(copies[i]));
        }

        Assert.Equal(Step(cache, tokens.AsMemory(89), 89, table), Step(cache, tokens.AsMemory(89), 89, copies));
    }

    [Fact]
    public void A_copy_that_needs_the_last_exact_page_is_not_taken_from_its_own_source()
    {
        int[] tokens = tales.Windows("heldout.txt", 24, 1)[0];
        KvCompression compression = KvCompression.RotatedQuantization(tales.Model, 8, ExactWindow.Default);
        using CompressedKvCache cache = new(tales.Model.Architecture, compression.Codecs, 20, 2, ExactWindow.Default);
        Step(cache, tokens.AsMemory(0, 20), 0, Table(20));
        int[] table = Table(20), copy = [table[0], .. table[10..]];
        cache.CopyBlock(table[1], copy[1]);
        Assert.True(cache.IsCompressed(table[0]), "the other block made room");
        Assert.False(cache.IsCompressed(table[1]));
        Assert.Equal(Step(cache, tokens.AsMemory(20, 4), 20, table).Length, Step(cache, tokens.AsMemory(20, 4), 20, copy).Length);
    }

    [Fact]
    public void Exact_pages_that_run_short_are_taken_from_the_oldest_blocks()
    {
        KvCompression compression = KvCompression.RotatedQuantization(tales.Model, 8, ExactWindow.Default);
        using CompressedKvCache cache = new(tales.Model.Architecture, compression.Codecs, 20, 4, ExactWindow.Default);
        float[] logits = Run(cache, tales.Windows("heldout.txt", 120, 1)[0], 16);
        Assert.True(cache.EarlyCompressions >= 4);
        Assert.True(cache.ExactBlocks <= 4);
        Assert.False(cache.IsCompressed(Table(20)[0]), "the sink block is the last to go");
        Assert.All(logits, logit => Assert.True(float.IsFinite(logit)));
        Assert.Throws<InvalidOperationException>(() => Step(cache, tales.Windows("heldout.txt", 120, 1)[0], 0, Table(20)));
    }

    [Fact]
    public void A_compressed_block_that_is_written_to_again_keeps_its_earlier_tokens()
    {
        int[] tokens = tales.Windows("heldout.txt", 64, 1)[0];
        ExactWindow none = new(0, 0);
        KvCompression compression = KvCompression.RotatedQuantization(tales.Model, 8, none);
        using CompressedKvCache cache = compression.CreateCache(20, 1, 64);
        float[] expected = Run(cache, tokens, 16);
        Assert.True(cache.IsCompressed(Table(20)[3]));

        // The last 4 tokens are run again, as after a rejected speculation.
        float[] again = Step(cache, tokens.AsMemory(60), 60, Table(20));
        Assert.InRange(expected.Zip(again, (a, b) => Math.Abs(a - b)).Max(), 0, 0.1);
    }

    [Fact]
    public void Reading_a_block_nobody_wrote_is_an_error()
    {
        using CompressedKvCache cache = KvCompression.RotatedQuantization(tales.Model, 8).CreateCache(20, 1, 16);
        Assert.Throws<InvalidOperationException>(() => Step(cache, new[] { 5 }, 40, Table(20)));
    }

    // Falling block numbers, so that positions taken for blocks would be caught.
    private static int[] Table(int blocks) => [.. Enumerable.Range(0, blocks).Reverse()];

    private static int Argmax(float[] logits) => Array.IndexOf(logits, logits.Max());

    private float[] Run(KvCache cache, int[] tokens, int stepTokens)
    {
        float[] logits = [];
        for (int past = 0; past < tokens.Length; past += stepTokens)
        {
            logits = Step(cache, tokens.AsMemory(past, Math.Min(stepTokens, tokens.Length - past)), past, Table(cache.BlockCount));
        }

        return logits;
    }

    private float[] Step(KvCache cache, ReadOnlyMemory<int> tokens, int past, int[] table)
    {
        float[] logits = new float[tales.Model.Architecture.VocabularySize];
        ForwardBatch batch = new();
        batch.Add(tokens, past, table);
        tales.Model.Forward(batch, cache, logits);
        return logits;
    }
}
