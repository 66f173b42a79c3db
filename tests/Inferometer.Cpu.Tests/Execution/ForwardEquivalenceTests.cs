using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Weights;
using Inferometer.ReferenceModels;
using Inferometer.Runners;

namespace Inferometer.Cpu.Tests.Execution;

/// <summary>How a step is cut, batched, threaded or computed may not change what comes out.</summary>
public sealed class ForwardEquivalenceTests : IDisposable
{
    private const double Tolerance = 2e-4; // float32 sums in another order; ten times what trained models show against float64

    private static readonly int[] Prompt = [.. Enumerable.Range(0, 70).Select(i => ((i * 29) + (i * i * 3) + 5) % 80)];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Families => ["llama", "mistral", "qwen3_moe", "gemma2"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Families))]
    public void A_prompt_in_chunks_gives_the_logits_of_the_whole(string family)
    {
        using TransformerModel model = Load(TinyModel.Create(family));
        using SequenceRunner whole = new(model, 80);
        float[][] expected = whole.Run(Prompt);
        foreach (int[] chunks in new[] { [1, 16, 17, 36], [33, 37], Enumerable.Repeat(1, 70).ToArray() })
        {
            using SequenceRunner runner = new(model, 80);
            int start = 0;
            foreach (int length in chunks)
            {
                AssertClose(expected[start..(start + length)], runner.Run(Prompt.AsSpan(start, length)));
                start += length;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_mixed_batch_gives_each_sequence_the_logits_it_has_alone(string family)
    {
        using TransformerModel model = Load(TinyModel.Create(family));
        int vocabulary = model.Architecture.VocabularySize;
        using PagedKvCache cache = model.CreateCache(16, KvElement.F32);
        ForwardBatch batch = new();
        int[] a = [3, 9, 0], b = [1, 15, 7, 2], c = [5, 4];

        // Step 1 takes a whole and a part of b; step 2 mixes a decode token of a, the rest of b, and c.
        batch.Add(Prompt.AsMemory(0, 33), 0, a, logitRows: 1);
        batch.Add(Prompt.AsMemory(10, 20), 0, b, logitRows: 0);
        model.Forward(batch, cache, new float[vocabulary]);
        batch.Clear();
        batch.Add(Prompt.AsMemory(33, 1), 33, a, logitRows: 1);
        batch.Add(Prompt.AsMemory(30, 40), 20, b, logitRows: 2);
        batch.Add(Prompt.AsMemory(50, 18), 0, c, logitRows: 18);
        Assert.Equal(59, batch.TokenCount);
        Assert.Equal(21, batch.LogitRowCount);
        float[] logits = new float[21 * vocabulary];
        model.Forward(batch, cache, logits);

        float[][] rows = [.. logits.Chunk(vocabulary)];
        using SequenceRunner onlyA = new(model, 80), onlyB = new(model, 80), onlyC = new(model, 80);
        AssertClose([onlyA.Run(Prompt.AsSpan(0, 34))[^1]], rows[..1]);
        AssertClose(onlyB.Run(Prompt.AsSpan(10, 60))[^2..], rows[1..3]);
        AssertClose(onlyC.Run(Prompt.AsSpan(50, 18)), rows[3..]);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_number_of_threads_changes_nothing_at_all(string family)
    {
        TinyModel tiny = TinyModel.Create(family);
        using TransformerModel one = Load(tiny, new LoadOptions { Threads = 1 }), three = Load(tiny, new LoadOptions { Threads = 3 });
        using SequenceRunner runnerOne = new(one, 80), runnerThree = new(three, 80);
        Assert.Equal(runnerOne.Run(Prompt), runnerThree.Run(Prompt));
        Assert.Equal(runnerOne.Run([7]), runnerThree.Run([7]));
    }

    [Theory]
    [InlineData("llama", false, true)]
    [InlineData("llama", true, false)]
    [InlineData("mistral", false, false)]
    [InlineData("gemma2", false, true)]
    [InlineData("gemma2", true, false)]
    public void Flash_attention_and_grouped_heads_change_speed_only(string family, bool flash, bool grouped)
    {
        TinyModel tiny = TinyModel.Create(family);
        using TransformerModel usual = Load(tiny);
        using TransformerModel other = Load(
            tiny, new LoadOptions { Threads = 2, Forward = new ForwardOptions { FlashAttention = flash, GroupedHeads = grouped } });
        using SequenceRunner runnerUsual = new(usual, 80), runnerOther = new(other, 80);
        AssertClose(runnerUsual.Run(Prompt), runnerOther.Run(Prompt));
        AssertClose(runnerUsual.Run([7]), runnerOther.Run([7]));
        long steps = other.Statistics.Steps * other.Architecture.LayerCount;
        Assert.Equal(flash ? steps : 0, other.Statistics.FlashAttentionCalls);
        Assert.Equal(flash ? 0 : steps, other.Statistics.StandardAttentionCalls);
        Assert.Equal(Prompt.Length + 1, other.Statistics.Tokens);
    }

    [Fact]
    public void Ungrouped_heads_take_the_memory_of_all_query_heads()
    {
        using TransformerModel model = Load(TinyModel.Create("llama"));
        using PagedKvCache grouped = new(model.Architecture, 5), ungrouped = new(model.Architecture, 5, groupedHeads: false);
        Assert.Equal(2 * grouped.MemoryBytes, ungrouped.MemoryBytes);

        // 3 layers, 2 heads of 16 channels, keys and values, 16 tokens per block, 2 bytes.
        Assert.Equal(5L * 3 * 2 * 16 * 2 * 16 * 2, grouped.MemoryBytes);
        Assert.Equal(grouped.MemoryBytes, 5 * PagedKvCache.BytesPerBlock(model.Architecture));
    }

    [Fact]
    public void Half_precision_keys_and_values_stay_near_the_full_ones()
    {
        using TransformerModel model = Load(TinyModel.Create("llama"));
        using SequenceRunner full = new(model, 80), half = new(model, 80, KvElement.F16);
        AssertClose(full.Run(Prompt), half.Run(Prompt), 0.02);
    }

    [Fact]
    public void A_copied_block_continues_a_sequence_as_the_original_does()
    {
        using TransformerModel model = Load(TinyModel.Create("llama"));
        int vocabulary = model.Architecture.VocabularySize;
        using PagedKvCache cache = model.CreateCache(4, KvElement.F32);
        ForwardBatch batch = new();
        batch.Add(Prompt.AsMemory(0, 24), 0, new[] { 0, 1 }, logitRows: 0);
        model.Forward(batch, cache, []);
        cache.CopyBlock(1, 3);

        // Both share block 0; the tails differ from here on.
        batch.Clear();
        batch.Add(Prompt.AsMemory(24, 1), 24, new[] { 0, 1 });
        batch.Add(Prompt.AsMemory(40, 1), 24, new[] { 0, 3 });
        float[] logits = new float[2 * vocabulary];
        model.Forward(batch, cache, logits);
        using SequenceRunner first = new(model, 80), second = new(model, 80);
        AssertClose([first.Run(Prompt.AsSpan(0, 25))[^1]], [logits[..vocabulary]]);
        AssertClose([second.Run([.. Prompt[..24], Prompt[40]])[^1]], [logits[vocabulary..]]);
    }

    [Fact]
    public void Hidden_states_are_those_of_the_reference_after_the_final_norm()
    {
        TinyModel tiny = TinyModel.Create("qwen2");
        using TransformerModel model = Load(tiny);
        using PagedKvCache cache = model.CreateCache(2, KvElement.F32);
        ForwardBatch batch = new();
        batch.Add(Prompt.AsMemory(0, 20), 0, new[] { 1, 0 }, logitRows: 0);
        float[] states = new float[20 * model.Architecture.HiddenSize];
        model.Forward(batch, cache, [], states);
        double[][] expected = tiny.Reference.HiddenStates(Prompt.AsSpan(0, 20));
        Assert.All(expected.SelectMany(row => row).Zip(states), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2_moe")]
    public void A_warm_step_allocates_nothing(string family)
    {
        using TransformerModel model = Load(TinyModel.Create(family), new LoadOptions { Threads = 1 });
        using PagedKvCache cache = model.CreateCache(8, KvElement.F16);
        ForwardBatch batch = new();
        int[] a = [0, 1, 2], b = [3, 4, 5];
        float[] logits = new float[2 * model.Architecture.VocabularySize];
        void Step(int past)
        {
            batch.Clear();
            batch.Add(Prompt.AsMemory(0, 1), past, a);
            batch.Add(Prompt.AsMemory(1, 5), past, b);
            model.Forward(batch, cache, logits);
        }

        for (int i = 0; i < 4; i++)
        {
            Step(20);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Step(20);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void AssertClose(float[][] expected, float[][] actual, double tolerance = Tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int row = 0; row < expected.Length; row++)
        {
            double difference = expected[row].Zip(actual[row], (x, y) => Math.Abs((double)x - y)).Max();
            Assert.True(difference <= tolerance, $"row {row} differs by {difference}");
        }
    }

    private TransformerModel Load(TinyModel tiny, LoadOptions? options = null) => TransformerModel.Load(
        tiny.WriteFolder(_folder), options ?? new LoadOptions { Threads = 2 }, null, TestContext.Current.CancellationToken);
}
