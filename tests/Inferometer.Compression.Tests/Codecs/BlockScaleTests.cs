using Inferometer.Compression.Codecs;
using Inferometer.Core.Caching;

namespace Inferometer.Compression.Tests.Codecs;

public sealed class BlockScaleTests
{
    [Theory]
    [InlineData(2, 16)]
    [InlineData(4, 32)]
    [InlineData(8, 32)]
    public void Codes_of_a_block_are_those_of_its_numbers(int bits, int count)
    {
        for (int seed = 0; seed < 50; seed++)
        {
            float[] numbers = LatentPageTests.Random(count, seed);
            int[] codes = new int[count];
            Half scale = BlockScale.Choose(numbers, bits);
            BlockScale.Encode(numbers, scale, bits, codes);
            Assert.Equal(numbers.Select(number => BlockScale.Code(number * (1 / (float)scale), bits)), codes);
        }
    }

    // The candidates and their error, written out in doubles.
    [Theory]
    [InlineData(2, 0.06)]
    [InlineData(4, 0.035)]
    public void The_scale_chosen_has_the_least_error_of_the_candidates(int bits, double step)
    {
        for (int seed = 0; seed < 50; seed++)
        {
            float[] numbers = LatentPageTests.Random(32, seed);
            double full = numbers.Max(MathF.Abs) / BlockScale.Offset(bits);
            double least = Enumerable.Range(0, KvCodecFormulas.ScaleCandidates)
                .Min(i => Error(numbers, bits, (double)(Half)(full * (1 - step * i))));
            Assert.Equal(least, Error(numbers, bits, (double)BlockScale.Choose(numbers, bits)), least * 1e-5);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void A_block_of_zeros_has_the_scale_zero_and_decodes_to_zero(int bits)
    {
        float[] numbers = new float[32];
        int[] codes = new int[32];
        Half scale = BlockScale.Choose(numbers, bits);
        BlockScale.Encode(numbers, scale, bits, codes);
        Assert.Equal(Half.Zero, scale);
        Assert.All(codes, code => Assert.Equal(0, (code - BlockScale.Offset(bits)) * (float)scale));
    }

    private static double Error(float[] numbers, int bits, double scale) => numbers.Sum(number =>
    {
        double code = Math.Clamp(Math.Round(number / scale + BlockScale.Offset(bits)), 0, (1 << bits) - 1);
        double difference = number - (code - BlockScale.Offset(bits)) * scale;
        return difference * difference;
    });
}
