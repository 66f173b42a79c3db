using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Threading;

namespace Inferometer.Cpu.Tests.Kernels;

public sealed class AttentionTests
{
    private delegate void Attention(
        AttentionBatch batch, in AttentionParameters parameters, ReadOnlySpan<float> queries, Span<float> output);

    public static TheoryData<int, int> Lengths()
    {
        TheoryData<int, int> data = [];
        foreach (int tokens in (int[])[1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 512])
        {
            foreach (int queries in (int[])[1, 5, 63, 64, 65, 128, 512])
            {
                if (queries <= tokens)
                {
                    data.Add(tokens, queries);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Attention_matches_double_precision_at_edge_lengths(int tokens, int queries)
        => Check(Shape(6, 3, 24, 24), KvElement.F32, tokens, queries);

    [Theory]
    [InlineData(1, 1, 64, 64)] // one head
    [InlineData(7, 7, 32, 32)] // odd heads, no grouping
    [InlineData(9, 3, 48, 48)] // odd groups
    [InlineData(8, 1, 64, 64)] // one KV head for all
    [InlineData(12, 4, 80, 80)] // a width that is no multiple of 32
    [InlineData(20, 2, 128, 128)] // more than one group of eight queries
    [InlineData(71, 1, 16, 16)] // more heads to a KV head than a tile holds
    [InlineData(4, 2, 33, 17)] // odd widths, keys and values differ
    [InlineData(3, 3, 1, 1)]
    public void Attention_matches_double_precision_for_all_head_layouts(int heads, int kvHeads, int keyDim, int valueDim)
    {
        foreach (KvElement element in Enum.GetValues<KvElement>())
        {
            Check(Shape(heads, kvHeads, keyDim, valueDim), element, 150, 1);
            Check(Shape(heads, kvHeads, keyDim, valueDim), element, 150, 70);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(100)]
    [InlineData(5000)]
    public void A_sliding_window_hides_older_keys(int window)
    {
        Check(Shape(4, 2, 32, 32) with { Window = window }, KvElement.F32, 300, 1);
        Check(Shape(4, 2, 32, 32) with { Window = window }, KvElement.F32, 300, 140);
        Check(Shape(4, 2, 32, 32) with { Window = window }, KvElement.F16, 2500, 3);
    }

    [Fact]
    public void Scores_are_capped_softly()
    {
        Check(Shape(4, 2, 32, 32) with { Scale = 3, Softcap = 5 }, KvElement.F32, 200, 1);
        Check(Shape(4, 2, 32, 32) with { Scale = 3, Softcap = 5 }, KvElement.F32, 200, 33);
    }

    [Theory]
    [InlineData(1024, 1)]
    [InlineData(1025, 1)]
    [InlineData(3500, 1)]
    [InlineData(3500, 5)]
    public void Long_decodes_split_along_keys_agree(int tokens, int queries) => Check(Shape(4, 2, 16, 16), KvElement.F16, tokens, queries);

    [Fact]
    public void Prompts_and_decodes_of_different_lengths_mix_in_one_step()
    {
        AttentionParameters p = Shape(6, 2, 32, 32);
        KvPageLayout layout = new(2, 32, 32, KvElement.F16);
        ExactKvCodec codec = new(layout);
        (int Tokens, int Queries)[] lengths = [(1, 1), (200, 1), (90, 90), (1500, 1), (40, 7)];
        PagedSequence[] sequences = [.. lengths.Select((l, i) => new PagedSequence(layout, l.Tokens, 1000 * i))];
        int rows = lengths.Sum(l => l.Queries);
        float[] queries = RandomData.Floats(rows * 6 * 32, 77);
        AttentionBatch batch = new();
        List<double> expected = [];
        int row = 0;
        for (int i = 0; i < sequences.Length; i++)
        {
            sequences[i].AddTo(batch, codec, row, lengths[i].Queries);
            float[] own = queries[(row * 6 * 32)..((row + lengths[i].Queries) * 6 * 32)];
            expected.AddRange(sequences[i].Reference(own, lengths[i].Queries, p));
            row += lengths[i].Queries;
        }

        float[] one = Run(1, batch, p, queries, rows), three = Run(3, batch, p, queries, rows);
        MatrixMultiplierTests.AssertClose([.. expected], one, 1e-4);
        Assert.Equal(one, three);
        Array.ForEach(sequences, s => s.Dispose());
    }

    [Theory]
    [InlineData(300, 1)]
    [InlineData(300, 100)]
    [InlineData(2100, 1)]
    public void Segments_under_different_codecs_share_one_softmax(int tokens, int queries)
    {
        AttentionParameters p = Shape(4, 2, 32, 32);
        KvPageLayout layout = new(2, 32, 32, KvElement.F32);
        using PagedSequence sequence = new(layout, tokens, 5);
        float[] q = RandomData.Floats(queries * 4 * 32, 6);
        AttentionBatch batch = new();
        sequence.AddInSegments(batch, [new ExactKvCodec(layout), new ExactKvCodec(layout), new MirroredCodec(layout)], 3, 0, queries);
        MatrixMultiplierTests.AssertClose(sequence.Reference(q, queries, p), Run(2, batch, p, q, queries), 1e-5);
    }

    [Fact]
    public void A_warm_step_allocates_nothing()
    {
        AttentionParameters p = Shape(4, 2, 32, 32);
        KvPageLayout layout = new(2, 32, 32, KvElement.F16);
        ExactKvCodec codec = new(layout);
        using PagedSequence sequence = new(layout, 1500, 5);
        using WorkerPool pool = new(2);
        using FlashAttention attention = new(pool);
        AttentionBatch batch = new();
        float[] q = RandomData.Floats(4 * 32, 6), y = new float[4 * 32];
        long before = 0;
        for (int i = 0; i < 3; i++)
        {
            before = GC.GetAllocatedBytesForCurrentThread();
            batch.Clear();
            sequence.AddTo(batch, codec, 0, 1);
            attention.Run(batch, p, q, y);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Shapes_and_lengths_that_do_not_fit_are_refused()
    {
        KvPageLayout layout = new(2, 32, 32, KvElement.F32);
        using PagedSequence sequence = new(layout, 20, 5);
        using WorkerPool pool = new(1);
        using FlashAttention attention = new(pool);
        AttentionBatch batch = new();
        sequence.AddTo(batch, new ExactKvCodec(layout), 0, 1);
        float[] q = new float[4 * 32], y = new float[4 * 32];
        Assert.Throws<InvalidOperationException>(() => attention.Run(batch, Shape(3, 2, 32, 32), q, y));
        Assert.Throws<ArgumentException>(() => attention.Run(batch, Shape(4, 2, 32, 32), q.AsSpan(1), y));
        Assert.Throws<ArgumentException>(() => sequence.AddUnknownTokens(batch, new ExactKvCodec(layout), 100));
        batch.Clear();
        batch.BeginSequence(0, 1, 19);
        Assert.Throws<InvalidOperationException>(() => attention.Run(batch, Shape(4, 2, 32, 32), q, y));
    }

    private static AttentionParameters Shape(int heads, int kvHeads, int keyDim, int valueDim)
        => new() { Heads = heads, KvHeads = kvHeads, KeyDim = keyDim, ValueDim = valueDim, Scale = 2 / MathF.Sqrt(keyDim) };

    private static void Check(AttentionParameters p, KvElement element, int tokens, int queries)
    {
        KvPageLayout layout = new(p.KvHeads, p.KeyDim, p.ValueDim, element);
        using PagedSequence sequence = new(layout, tokens, tokens);
        float[] q = RandomData.Floats(queries * p.Heads * p.KeyDim, 3);
        AttentionBatch batch = new();
        sequence.AddTo(batch, new ExactKvCodec(layout), 0, queries);
        double[] expected = sequence.Reference(q, queries, p);
        MatrixMultiplierTests.AssertClose(expected, Run(2, batch, p, q, queries), 2e-5);

        using WorkerPool pool = new(2);
        using StandardAttention standard = new(pool);
        float[] plain = new float[queries * p.Heads * p.ValueDim];
        standard.Run(batch, p, q, plain);
        MatrixMultiplierTests.AssertClose(expected, plain, 2e-5);
    }

    private static float[] Run(int threads, AttentionBatch batch, AttentionParameters p, float[] queries, int rows)
    {
        using WorkerPool pool = new(threads);
        using FlashAttention attention = new(pool);
        float[] output = new float[rows * p.Heads * p.ValueDim];
        attention.Run(batch, p, queries, output);
        return output;
    }
}
