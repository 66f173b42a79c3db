using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Core;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Threading;
using MathNet.Numerics.LinearAlgebra;

namespace Inferometer.Compression.Tests.Codecs;

public sealed unsafe class LowRankCodecTests(Tales tales) : IClassFixture<Tales>
{
    private const int KvHeads = 4, Width = 64;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Bytes_per_token_are_those_of_the_formats_of_all_groups(int headGroupSize)
    {
        // Keys 16 x 8 and 16 x 4 bits, values 32 x 4: (16 + 2) + (8 + 2) + (16 + 2) bytes a group, however many heads it has.
        LowRankCodec codec = Codec(headGroupSize, new LatentFormat([new(16, 8), new(16, 4)]), LatentFormat.Uniform(32, 4), KvElement.F16);
        Assert.Equal(KvHeads / headGroupSize * 46, codec.BytesPerToken);
        Assert.Equal(16 * KvHeads / headGroupSize * 46, codec.PageBytes);
        Assert.Equal(headGroupSize, codec.HeadGroupSize);
    }

    // All latents in f32: only rounding may differ. Values depend on position, and keys fill several runs of pages.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Attention_over_all_latents_is_that_over_exact_pages(int headGroupSize)
    {
        const int Pages = 12, Tokens = Pages * 16 - 3, Heads = 8;
        KvPageLayout layout = new(KvHeads, Width, Width, KvElement.F32);
        LatentFormat all = LatentFormat.Uniform(headGroupSize * Width, 32);
        LowRankCodec codec = Codec(headGroupSize, all, all, KvElement.F32);
        ExactKvCodec exactCodec = new(layout);
        using NativeBuffer exact = new(Pages * layout.PageBytes), compressed = new(Pages * codec.PageBytes);
        int perToken = KvHeads * Width, perPage = 16 * perToken;
        float[] keys = LatentPageTests.Random(Pages * perPage, 1), values = LatentPageTests.Random(Pages * perPage, 2);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] += MathF.Sin(i / (float)perToken / 9);
        }

        for (int token = 0; token < Pages * 16; token++)
        {
            layout.StoreToken(
                exact.Address + token / 16 * layout.PageBytes, token % 16, keys.AsSpan(token * perToken, perToken),
                values.AsSpan(token * perToken, perToken));
        }

        float[] keysBack = new float[perPage], valuesBack = new float[perPage];
        for (int page = 0; page < Pages; page++)
        {
            byte* address = compressed.Address + page * codec.PageBytes;
            codec.EncodePage(keys.AsSpan(page * perPage, perPage), values.AsSpan(page * perPage, perPage), page * 16, address);
            codec.DecodePage(address, page * 16, keysBack, valuesBack);
            Assert.All(keysBack.Zip(keys.Skip(page * perPage)), pair => Assert.Equal(pair.Second, pair.First, 1e-3f));
            Assert.All(valuesBack.Zip(values.Skip(page * perPage)), pair => Assert.Equal(pair.Second, pair.First, 1e-3f));
        }

        AttentionParameters parameters =
            new() { Heads = Heads, KvHeads = KvHeads, KeyDim = Width, ValueDim = Width, Scale = 1 / MathF.Sqrt(Width) };
        int[] blocks = [.. Enumerable.Range(0, Pages)];
        float[] queries = LatentPageTests.Random(3 * Heads * Width, 3);
        using WorkerPool pool = new(2);
        using FlashAttention attention = new(pool);
        float[] expected = new float[queries.Length], actual = new float[queries.Length];
        AttentionBatch batch = new();
        batch.AddSequence(0, 3, Tokens - 3, exactCodec, exact.Address, layout.PageBytes, blocks);
        attention.Run(batch, parameters, queries, expected);
        batch.Clear();
        batch.AddSequence(0, 3, Tokens - 3, codec, compressed.Address, codec.PageBytes, blocks);
        attention.Run(batch, parameters, queries, actual);
        Assert.InRange(expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max(), 0, 1e-3);
    }

    [Fact]
    public void Groups_that_do_not_fit_the_layer_are_refused()
    {
        LatentFormat format = LatentFormat.Uniform(16, 16);
        LowRankGroup three = new(LatentBasis.Identity(3 * Width), format, LatentBasis.Identity(3 * Width), format);
        KvPageLayout layout = new(KvHeads, Width, Width, KvElement.F16);
        Assert.Contains(
            "4 KV heads",
            Assert.Throws<InferometerException>(() => new LowRankCodec("odd", layout, [three, three, three], Rotary())).Message,
            StringComparison.Ordinal);
        Assert.Throws<InferometerException>(() => new LowRankCodec("wide", layout, [three], Rotary()));
    }

    private LowRankCodec Codec(int headGroupSize, LatentFormat keys, LatentFormat values, KvElement element)
    {
        WeightedBasis[] bases = [.. Enumerable.Range(0, 2 * KvHeads / headGroupSize).Select(seed => Basis(headGroupSize, seed))];
        return new LowRankCodec(
            "test", new KvPageLayout(KvHeads, Width, Width, element),
            [.. bases.Chunk(2).Select(pair => new LowRankGroup(pair[0].Basis, keys, pair[1].Basis, values))], Rotary());
    }

    // Heads of a group are made to depend on each other, so that a mistaken slice of the basis cannot pass.
    private static WeightedBasis Basis(int headGroupSize, int seed)
    {
        int width = headGroupSize * Width;
        Random random = new(seed);
        Matrix<double> mix = Matrix<double>.Build.Dense(width, width, (_, _) => random.NextDouble() - 0.5);
        Matrix<double>[] importance =
        [
            .. Enumerable.Range(0, headGroupSize)
                .Select(_ => Matrix<double>.Build.Dense(Width, Width, (_, _) => random.NextDouble() - 0.5))
                .Select(m => m * m.Transpose() + Matrix<double>.Build.DenseIdentity(Width)),
        ];
        return WeightedBasis.Of(Vector<double>.Build.Dense(width, i => 0.1 * i), mix * mix.Transpose(), importance);
    }

    private RotaryTable Rotary() => new(tales.Model.RotaryOf(0), 512);
}
