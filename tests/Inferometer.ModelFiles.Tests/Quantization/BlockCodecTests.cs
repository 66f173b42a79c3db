using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Tests.Quantization;

public sealed class BlockCodecTests
{
    /// <summary>
    /// Largest error of a block as a fraction of its span max - min (or of the largest magnitude), from the spacing of the levels.
    /// </summary>
    public static TheoryData<GgmlType, double> ErrorBounds => new()
    {
        { GgmlType.F32, 0 },
        { GgmlType.F16, 1.0 / 2048 },
        { GgmlType.BF16, 1.0 / 256 },
        { GgmlType.Q8_0, 0.5 / 127 * 1.2 },
        { GgmlType.Q4_0, 1.0 / 8 * 1.1 },
        { GgmlType.Q4_1, 0.5 / 15 * 2 * 1.1 },
        { GgmlType.Q5_0, 1.0 / 16 * 1.1 },
        { GgmlType.Q5_1, 0.5 / 31 * 2 * 1.1 },
        { GgmlType.Q4_K, 0.16 },
        { GgmlType.Q5_K, 0.08 },
        { GgmlType.Q6_K, 0.06 },
        { GgmlType.Q2_K, 0.6 },
        { GgmlType.Q3_K, 0.3 },
        { GgmlType.IQ4_NL, 0.16 },
        { GgmlType.IQ4_XS, 0.18 },
    };

    [Theory]
    [MemberData(nameof(ErrorBounds))]
    public void Encoding_and_decoding_loses_no_more_than_the_level_spacing(GgmlType type, double bound)
    {
        for (int seed = 0; seed < 50; seed++)
        {
            float[] values = Noise(512, seed, scale: MathF.Pow(10, (seed % 5) - 2));
            float[] decoded = RoundTrip(type, values);
            for (int start = 0; start < values.Length; start += type.BlockSize())
            {
                ReadOnlySpan<float> block = values.AsSpan(start, type.BlockSize());
                float largest = 0;
                foreach (float value in block)
                {
                    largest = MathF.Max(largest, MathF.Abs(value));
                }

                for (int i = 0; i < block.Length; i++)
                {
                    Assert.True(
                        Math.Abs(block[i] - decoded[start + i]) <= (bound * largest) + 1e-7,
                        $"{type} seed {seed} value {i}: {block[i]} came back as {decoded[start + i]}, largest {largest}");
                }
            }
        }
    }

    [Fact]
    public void Formats_with_more_bits_have_smaller_root_mean_square_error()
    {
        float[] values = Noise(4096, 3, 1);
        double Error(GgmlType type) => Math.Sqrt(values.Zip(RoundTrip(type, values), (a, b) => Math.Pow(a - b, 2)).Average());

        Assert.True(Error(GgmlType.Q8_0) < Error(GgmlType.Q6_K));
        Assert.True(Error(GgmlType.Q6_K) < Error(GgmlType.Q5_K));
        Assert.True(Error(GgmlType.Q5_K) < Error(GgmlType.Q4_K));
        Assert.True(Error(GgmlType.Q4_K) < Error(GgmlType.Q4_0));
        Assert.True(Error(GgmlType.Q5_1) < Error(GgmlType.Q4_1));
        Assert.True(Error(GgmlType.Q4_K) < Error(GgmlType.Q3_K));
        Assert.True(Error(GgmlType.Q3_K) < Error(GgmlType.Q2_K));
        Assert.True(Error(GgmlType.IQ4_NL) < Error(GgmlType.Q4_0));
        Assert.True(Error(GgmlType.IQ4_XS) < Error(GgmlType.Q4_0));
        // Unit noise over 32 values spans about 4.1, a level is 0.27, its rms error 0.27/sqrt(12) = 0.08
        Assert.InRange(Error(GgmlType.Q4_K), 0.04, 0.09);
        Assert.InRange(Error(GgmlType.Q6_K), 0.01, 0.025);
    }

    [Theory]
    [MemberData(nameof(ErrorBounds))]
    public void Zeros_come_back_as_zeros(GgmlType type, double bound)
    {
        Assert.True(bound >= 0);
        Assert.All(RoundTrip(type, new float[256]), value => Assert.Equal(0f, value));
    }

    [Fact]
    public void Half_decoding_agrees_with_the_runtime_on_every_bit_pattern()
    {
        ushort[] bits = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        float[] decoded = new float[bits.Length];
        HalfFloats.DecodeF16(bits, decoded);
        for (int i = 0; i < bits.Length; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            Assert.True(decoded[i].Equals(expected), $"pattern {i:x4}: {decoded[i]} instead of {expected}");
            Assert.Equal(float.IsNegative(expected), float.IsNegative(decoded[i]));
        }
    }

    [Fact]
    public void Bfloat16_rounds_to_nearest_even_and_keeps_nan()
    {
        float[] values =
            [1f, 1f + (1f / 256), 1f + (3f / 256), float.PositiveInfinity, float.NaN, -0f, BitConverter.UInt32BitsToSingle(0x7F800001)];
        ushort[] encoded = new ushort[values.Length];
        HalfFloats.EncodeBF16(values, encoded);
        Assert.Equal([0x3F80, 0x3F80, 0x3F82, 0x7F80, 0x7FC0, 0x8000, 0x7FC0], encoded.Select(b => b & (b is 0xFFC0 ? 0x7FFF : 0xFFFF)));
    }

    [Fact]
    public void Unsupported_formats_are_refused_by_name()
    {
        InferometerException error =
            Assert.Throws<InferometerException>(() => BlockCodec.Decode(GgmlType.Q8_K, new byte[292], new float[256]));
        Assert.Contains("Q8_K", error.Message, StringComparison.Ordinal);
        Assert.Contains("Q4_K", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(WrittenBlocks))]
    public void Values_that_count_more_are_kept_better(GgmlType type)
    {
        float[] values = Noise(4096, 9, 1);
        float[] importance = [.. Enumerable.Range(0, values.Length).Select(i => i % 7 == 0 ? 50f : 0.1f)];
        byte[] plain = new byte[type.ByteCount(values.Length)], weighted = new byte[plain.Length];
        BlockCodec.Encode(type, values, plain);
        BlockCodec.Encode(type, values, importance, weighted);
        Assert.True(WeightedError(type, weighted, values, importance) < 0.95 * WeightedError(type, plain, values, importance));
    }

    public static TheoryData<GgmlType> WrittenBlocks =>
        [.. BlockCodec.WrittenTypes.Where(type => type.IsQuantized() && type != GgmlType.Q8_0)];

    private static double WeightedError(GgmlType type, byte[] encoded, float[] values, float[] importance)
    {
        float[] decoded = new float[values.Length];
        BlockCodec.Decode(type, encoded, decoded);
        return values.Select((value, i) => importance[i] * Math.Pow(value - decoded[i], 2)).Sum();
    }

    [Fact]
    public void Formats_that_are_only_read_are_refused_for_writing_by_name()
    {
        InferometerException error =
            Assert.Throws<InferometerException>(() => BlockCodec.Encode(GgmlType.IQ2_XS, new float[256], new byte[74]));
        Assert.Contains("IQ2_XS", error.Message, StringComparison.Ordinal);
        Assert.Contains("IQ4_XS", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lengths_that_do_not_match_are_refused()
    {
        Assert.Throws<ArgumentException>(() => BlockCodec.Decode(GgmlType.Q8_0, new byte[33], new float[32]));
        Assert.Throws<ArgumentException>(() => BlockCodec.Encode(GgmlType.Q8_0, new float[31], new byte[34]));
    }

    internal static float[] RoundTrip(GgmlType type, float[] values)
    {
        byte[] encoded = new byte[type.ByteCount(values.Length)];
        float[] decoded = new float[values.Length];
        BlockCodec.Encode(type, values, encoded);
        BlockCodec.Decode(type, encoded, decoded);
        return decoded;
    }

    internal static float[] Noise(int count, int seed, float scale)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = scale * (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return values;
    }
}
