using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Tests.Kernels;

/// <summary>Every finite f16, in every way there is to read one.</summary>
public sealed unsafe class HalfBitsTests
{
    private static readonly ushort[] s_all = [.. Enumerable.Range(0, 1 << 16).Select(i => (ushort)i)];

    [Fact]
    public void Vectors_of_512_bits_hold_the_numbers()
    {
        Assert.SkipUnless(Avx512F.IsSupported, "this tier has no 512-bit vectors");
        fixed (ushort* bits = s_all)
        {
            for (int i = 0; i < s_all.Length; i += 16)
            {
                AssertNumbers(i, HalfBits.Load512(bits + i), 16);
                AssertNumbers(i, HalfBits.LoadShifted512(bits + i) * HalfBits.ShiftScale, 16);
            }
        }
    }

    [Fact]
    public void Vectors_of_256_bits_hold_the_numbers()
    {
        Assert.SkipUnless(Avx2.IsSupported, "this tier has no 256-bit vectors");
        fixed (ushort* bits = s_all)
        {
            for (int i = 0; i < s_all.Length; i += 8)
            {
                AssertNumbers(i, Vector512.Create(HalfBits.Load256(bits + i), default), 8);
                AssertNumbers(i, Vector512.Create(HalfBits.LoadShifted256(bits + i) * HalfBits.ShiftScale, default), 8);
            }
        }
    }

    [Fact]
    public void Vectors_of_128_bits_hold_the_numbers()
    {
        fixed (ushort* bits = s_all)
        {
            for (int i = 0; i < s_all.Length; i += 4)
            {
                AssertNumbers(i, Vector512.Create(Vector256.Create(HalfBits.Load128(bits + i), default), default), 4);
                Vector128<float> shifted = HalfBits.LoadShifted128(bits + i) * HalfBits.ShiftScale;
                AssertNumbers(i, Vector512.Create(Vector256.Create(shifted, default), default), 4);
            }
        }
    }

    [Fact]
    public void Decoding_gives_all_numbers_infinities_and_nan()
    {
        float[] decoded = new float[s_all.Length];
        HalfFloats.DecodeF16(s_all, decoded);
        for (int i = 0; i < decoded.Length; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            Assert.True(
                float.IsNaN(expected)
                    ? float.IsNaN(decoded[i])
                    : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(decoded[i]),
                        $"{i:x4}: {decoded[i]}, not {expected}");
        }
    }

    [Theory]
    [InlineData(1, 2048)]
    [InlineData(1, 4128)]
    [InlineData(2, 96)]
    [InlineData(4, 96)]
    [InlineData(8, 83)]
    public void Rows_that_are_read_shifted_and_rows_that_are_not_give_the_same(int tokens, int columns)
    {
        const int Rows = 29;
        ushort[] weights =
            [.. RandomData.Floats(Rows * columns, 1).Select((w, i) => BitConverter.HalfToUInt16Bits((Half)(i % 3 == 0 ? w * 1e-6f : w)))];
        float[] x = RandomData.Floats(tokens * columns, 2), exact = new float[tokens * Rows], shifted = new float[tokens * Rows];
        fixed (ushort* w = weights)
        fixed (float* activations = x, one = exact, other = shifted)
        {
            MatrixOperand operand = new() { Activations = (byte*)activations, Output = one, OutputStride = Rows, Tokens = tokens };
            RowDots.Multiply<StoredHalf>((byte*)w, columns * sizeof(ushort), Rows, columns, operand, 0);
            operand.Output = other;
            RowDots.Multiply<ShiftedHalf>((byte*)w, columns * sizeof(ushort), Rows, columns, operand, 0);
        }

        for (int i = 0; i < exact.Length; i++)
        {
            Assert.Equal(exact[i], shifted[i], 1e-6f * MathF.Max(1, MathF.Abs(exact[i])));
        }

        Assert.Contains(exact, value => MathF.Abs(value) > 0.1f);
    }

    private static void AssertNumbers(int first, Vector512<float> actual, int count)
    {
        for (int lane = 0; lane < count; lane++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)(first + lane));
            if (float.IsFinite(expected))
            {
                Assert.True(expected == actual[lane], $"{first + lane:x4}: {actual[lane]}, not {expected}");
            }
        }
    }
}
