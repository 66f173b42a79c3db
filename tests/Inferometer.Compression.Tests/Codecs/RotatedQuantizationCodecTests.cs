using Inferometer.Compression.Codecs;
using Inferometer.Core;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Threading;

namespace Inferometer.Compression.Tests.Codecs;

public sealed unsafe class RotatedQuantizationCodecTests
{
    public static TheoryData<int, int, int> BitsWidthsAndGroups =>
        new MatrixTheoryData<int, int, int>([8, 4], [48, 64, 128], [1, 2, 3, 4, 5, 7, 8, 9]);

    [Theory]
    [InlineData(8, 2, 64, 136 * 2)] // 2 heads x (64 + 4 + 64 + 4) bytes
    [InlineData(4, 2, 64, 72 * 2)]
    [InlineData(4, 4, 128, 144 * 4)]
    public void Bytes_per_token_are_those_of_the_layout(int bits, int heads, int width, int expected)
    {
        RotatedQuantizationCodec codec = new(new KvPageLayout(heads, width, width, KvElement.F16), bits);
        Assert.Equal(expected, codec.BytesPerToken);
        Assert.Equal(16 * expected, codec.PageBytes);
    }

    [Fact]
    public void Savings_against_f16_are_above_46_and_70_percent()
    {
        KvPageLayout exact = new(2, 64, 64, KvElement.F16);
        Assert.Equal(0.46875, 1 - (double)new RotatedQuantizationCodec(exact, 8).PageBytes / exact.PageBytes, 1e-9);
        Assert.Equal(0.71875, 1 - (double)new RotatedQuantizationCodec(exact, 4).PageBytes / exact.PageBytes, 1e-9);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(16)]
    public void Other_bits_are_refused(int bits) =>
        Assert.Throws<InferometerException>(() => new RotatedQuantizationCodec(new KvPageLayout(1, 64, 64, KvElement.F16), bits));

    // Values depend on position, keys fill several runs of pages, and compressed and exact stretches alternate.
    [Theory]
    [InlineData(8, 64, 4, 2, 0.02)]
    [InlineData(4, 64, 4, 2, 0.25)]
    [InlineData(8, 40, 3, 1, 0.02)]
    [InlineData(8, 48, 4, 2, 0.02)]
    [InlineData(4, 48, 4, 2, 0.25)]
    [InlineData(4, 128, 4, 4, 0.25)]
    [InlineData(8, 128, 8, 2, 0.02)]
    public void Attention_over_compressed_and_exact_stretches_is_one_softmax_over_both(
        int bits, int width, int heads, int kvHeads, double tolerance)
    {
        const int Pages = 20, Tokens = Pages * 16 - 5;
        KvPageLayout layout = new(kvHeads, width, width, KvElement.F32);
        RotatedQuantizationCodec codec = new(layout, bits);
        ExactKvCodec exactCodec = new(layout);
        using NativeBuffer exact = new(Pages * layout.PageBytes), compressed = new(Pages * codec.PageBytes);
        float[] keys = LatentPageTests.Random(Pages * 16 * kvHeads * width, 1),
            values = LatentPageTests.Random(Pages * 16 * kvHeads * width, 2);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] += MathF.Sin(i / (float)(kvHeads * width) / 9);
        }

        for (int token = 0; token < Pages * 16; token++)
        {
            Range row = (token * kvHeads * width)..((token + 1) * kvHeads * width);
            layout.StoreToken(exact.Address + token / 16 * layout.PageBytes, token % 16, keys.AsSpan(row), values.AsSpan(row));
        }

        int perPage = 16 * kvHeads * width;
        for (int page = 0; page < Pages; page++)
        {
            codec.EncodePage(
                keys.AsSpan(page * perPage, perPage), values.AsSpan(page * perPage, perPage), page * 16,
                compressed.Address + page * codec.PageBytes);
        }

        AttentionParameters parameters =
            new() { Heads = heads, KvHeads = kvHeads, KeyDim = width, ValueDim = width, Scale = 1 / MathF.Sqrt(width) };
        int[] blocks = [.. Enumerable.Range(0, Pages)];
        float[] queries = LatentPageTests.Random(3 * heads * width, 3);
        using WorkerPool pool = new(2);
        using FlashAttention attention = new(pool);
        float[] expected = new float[queries.Length], actual = new float[queries.Length];
        AttentionBatch batch = new();
        batch.AddSequence(0, 3, Tokens - 3, exactCodec, exact.Address, layout.PageBytes, blocks);
        attention.Run(batch, parameters, queries, expected);
        batch.Clear();
        batch.BeginSequence(0, 3, Tokens - 3);
        batch.AddSegment(exactCodec, exact.Address, layout.PageBytes, blocks, 16);
        batch.AddSegment(codec, compressed.Address, codec.PageBytes, blocks.AsMemory(1), 10 * 16);
        batch.AddSegment(exactCodec, exact.Address, layout.PageBytes, blocks.AsMemory(11), 3 * 16);
        batch.AddSegment(codec, compressed.Address, codec.PageBytes, blocks.AsMemory(14), Tokens - 14 * 16);
        attention.Run(batch, parameters, queries, actual);
        double error = Math.Sqrt(expected.Zip(actual, (a, b) => (double)(a - b) * (a - b)).Sum() / expected.Sum(a => (double)a * a));
        Assert.InRange(error, 1e-9, tolerance);
    }

    [Fact]
    public void Decoding_a_page_gives_what_attention_sees()
    {
        KvPageLayout layout = new(2, 48, 32, KvElement.F16);
        RotatedQuantizationCodec codec = new(layout, 8);
        float[] keys = LatentPageTests.Random(16 * 2 * 48, 7), values = LatentPageTests.Random(16 * 2 * 32, 8);
        float[] keysBack = new float[keys.Length], valuesBack = new float[values.Length];
        byte[] page = new byte[codec.PageBytes];
        fixed (byte* address = page)
        {
            codec.EncodePage(keys, values, 0, address);
            codec.DecodePage(address, 0, keysBack, valuesBack);
        }

        Assert.All(keys.Zip(keysBack), pair => Assert.Equal(pair.First, pair.Second, 0.06f));
        Assert.All(values.Zip(valuesBack), pair => Assert.Equal(pair.First, pair.Second, 0.06f));
    }

    // One kernel for up to four queries, one for up to eight, a tile for more; 21 pages are more than one run, the last one not full.
    [Theory]
    [MemberData(nameof(BitsWidthsAndGroups))]
    public void Attention_is_that_over_the_decoded_pages(int bits, int width, int groupHeads)
    {
        const int Pages = 21, Tokens = Pages * 16 - 3, KvHeads = 2;
        KvPageLayout layout = new(KvHeads, width, width, KvElement.F32);
        RotatedQuantizationCodec codec = new(layout, bits);
        ExactKvCodec exactCodec = new(layout);
        using NativeBuffer exact = new(Pages * layout.PageBytes), compressed = new(Pages * codec.PageBytes);
        int perToken = KvHeads * width;
        float[] keys = LatentPageTests.Random(16 * perToken, 1), values = LatentPageTests.Random(16 * perToken, 2);
        for (int page = 0; page < Pages; page++)
        {
            // Other numbers on every page, and of another magnitude.
            keys = [.. keys.Select((number, i) => number * 1.1f + 0.3f * MathF.Sin(page + i))];
            values = [.. values.Select((number, i) => 0.9f * number + MathF.Cos(3 * page + i))];
            byte* address = compressed.Address + page * codec.PageBytes;
            codec.EncodePage(keys, values, page * 16, address);
            codec.DecodePage(address, page * 16, keys, values);
            for (int token = 0; token < 16; token++)
            {
                Range row = (token * perToken)..((token + 1) * perToken);
                layout.StoreToken(exact.Address + page * layout.PageBytes, token, keys.AsSpan(row), values.AsSpan(row));
            }
        }

        AttentionParameters parameters =
            new() { Heads = KvHeads * groupHeads, KvHeads = KvHeads, KeyDim = width, ValueDim = width, Scale = 1 / MathF.Sqrt(width) };
        int[] blocks = [.. Enumerable.Range(0, Pages)];
        float[] queries = LatentPageTests.Random(parameters.Heads * width, 3);
        using WorkerPool pool = new(2);
        using FlashAttention attention = new(pool);
        float[] expected = new float[queries.Length], actual = new float[queries.Length];
        AttentionBatch batch = new();
        batch.AddSequence(0, 1, Tokens - 1, exactCodec, exact.Address, layout.PageBytes, blocks);
        attention.Run(batch, parameters, queries, expected);
        batch.Clear();
        batch.AddSequence(0, 1, Tokens - 1, codec, compressed.Address, codec.PageBytes, blocks);
        attention.Run(batch, parameters, queries, actual);
        double error = Math.Sqrt(expected.Zip(actual, (a, b) => (double)(a - b) * (a - b)).Sum() / expected.Sum(a => (double)a * a));
        Assert.InRange(error, 0, 5e-4); // queries of 16 bits
    }
}
