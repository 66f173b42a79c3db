using FsCheck;
using FsCheck.Fluent;
using Inferometer.Compression.Codecs;
using Inferometer.Core;

namespace Inferometer.Compression.Tests.Codecs;

public sealed unsafe class LatentPageTests
{
    [Theory]
    [InlineData(64, 8, 68)] // 64 bytes and two f16 scales
    [InlineData(64, 4, 36)]
    [InlineData(48, 4, 28)] // blocks of 32 and 16
    [InlineData(32, 2, 10)]
    [InlineData(64, 16, 128)]
    [InlineData(16, 32, 64)]
    public void Bytes_per_token_count_numbers_and_scales(int width, int bits, int expected) =>
        Assert.Equal(expected, LatentFormat.Uniform(width, bits).BytesPerToken);

    [Theory]
    [InlineData(12, 8)]
    [InlineData(16, 3)]
    [InlineData(48, 4)]
    public void Segments_that_do_not_exist_are_refused(int count, int bits) =>
        Assert.Throws<InferometerException>(() => new LatentFormat([new LatentSegment(count, bits)]));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Numbers_come_back_within_half_a_step_of_their_block(bool byChannel)
    {
        LatentFormat format = new([new(32, 8), new(16, 4), new(32, 4), new(16, 2), new(16, 16), new(16, 32)]);
        float[] vectors = Random(16 * format.Width, 3);
        float[] decoded = RoundTrip(format, vectors, byChannel);
        int first = 0;
        foreach (LatentSegment segment in format.Segments)
        {
            for (int token = 0; token < 16; token++)
            {
                ReadOnlySpan<float> numbers = vectors.AsSpan(token * format.Width + first, segment.Count);
                float scale = segment.IsQuantized ? (float)BlockScale.Choose(numbers, segment.Bits) : 0;
                float reach = BlockScale.Offset(segment.Bits <= 8 ? segment.Bits : 8) * scale;
                for (int i = 0; i < segment.Count; i++)
                {
                    float error = MathF.Abs(decoded[token * format.Width + first + i] - numbers[i]);
                    float allowed = segment.Bits switch
                    {
                        32 => 0,
                        16 => MathF.Abs(numbers[i]) / 2048,
                        _ => MathF.Max(scale / 2, MathF.Abs(numbers[i]) - reach) * 1.001f,
                    };
                    Assert.True(
                        error <= allowed + 1e-7f,
                        $"{segment} token {token} number {i}: {numbers[i]} became {decoded[token * format.Width + first + i]}, "
                        + $"scale {scale}");
                }
            }

            first += segment.Count;
        }
    }

    [Fact]
    public void Nothing_is_written_beyond_the_stated_bytes()
    {
        LatentFormat format = new([new(32, 4), new(16, 2), new(16, 16)]);
        byte[] page = new byte[16 * format.BytesPerToken + 64];
        Array.Fill(page, (byte)0xA5);
        fixed (byte* target = page)
        {
            LatentPage.Encode(format, Random(16 * format.Width, 1), target, byChannel: true);
        }

        Assert.All(page[(16 * format.BytesPerToken)..], value => Assert.Equal(0xA5, value));
    }

    [Fact]
    public void Error_falls_as_bits_grow()
    {
        Prop.ForAll(Gen.Choose(0, 100_000).ToArbitrary(), seed =>
        {
            float[] vectors = Random(16 * 64, seed);
            double[] errors =
            [
                .. new[] { 2, 4, 8, 16, 32 }.Select(
                    bits => Error(vectors, RoundTrip(LatentFormat.Uniform(64, bits), vectors, seed % 2 == 0))),
            ];
            return errors.Zip(errors.Skip(1)).All(pair => pair.Second < pair.First) && errors[^1] == 0;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Zeros_stay_zeros()
    {
        foreach (int bits in new[] { 2, 4, 8, 16, 32 })
        {
            Assert.All(RoundTrip(LatentFormat.Uniform(32, bits), new float[16 * 32], byChannel: false), value => Assert.Equal(0, value));
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    [InlineData(80)]
    public void Hadamard_rotation_keeps_lengths_and_is_its_own_inverse(int width)
    {
        float[] vector = Random(width, 5), turned = [.. vector];
        HadamardRotation.Apply(turned);
        Assert.Equal(vector.Sum(x => (double)x * x), turned.Sum(x => (double)x * x), 1e-3);
        Assert.True(Error(vector, turned) > 0.1);
        HadamardRotation.Apply(turned);
        Assert.InRange(Error(vector, turned), 0, 1e-9);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(80)]
    [InlineData(128)]
    public void Hadamard_rotation_multiplies_by_signs_of_common_bits(int width)
    {
        int block = width & -width;
        float[] vector = Random(width, 6), turned = [.. vector];
        HadamardRotation.Apply(turned);
        for (int i = 0; i < width; i++)
        {
            int first = i / block * block;
            double expected = Enumerable.Range(0, block).Sum(j =>
                (System.Numerics.BitOperations.PopCount((uint)((i - first) & j)) % 2 == 0 ? 1 : -1) * (double)vector[first + j])
                / Math.Sqrt(block);
            Assert.Equal(expected, turned[i], 1e-5);
        }
    }

    internal static float[] Random(int count, int seed)
    {
        Random random = new(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(
                _ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))),
        ];
    }

    private static double Error(float[] left, float[] right) => left.Zip(right, (a, b) => (double)(a - b) * (a - b)).Sum();

    private static float[] RoundTrip(LatentFormat format, float[] vectors, bool byChannel)
    {
        byte[] page = new byte[16 * format.BytesPerToken];
        float[] decoded = new float[16 * format.Width];
        fixed (byte* target = page)
        fixed (float* rows = decoded)
        {
            LatentPage.Encode(format, vectors, target, byChannel);
            LatentPage.Decode(format, target, rows, format.Width, byChannel);
        }

        return byChannel
            ? [.. Enumerable.Range(0, decoded.Length).Select(i => decoded[i % format.Width * 16 + i / format.Width])]
            : decoded;
    }
}
