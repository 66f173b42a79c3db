using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Tests.Kernels;

/// <summary>
/// F16 and BF16 weights with more tokens than the tiles of dot products take; without vectors of 256 bits the same cases meet the f32
/// tiles, and with tiles of bf16 numbers those.
/// </summary>
public sealed unsafe class FinePanelTests
{
    private const float Limit = 8191;

    public static TheoryData<GgmlType, int, int, int> Shapes()
    {
        TheoryData<GgmlType, int, int, int> data = [];
        foreach (GgmlType type in (GgmlType[])[GgmlType.F16, GgmlType.BF16])
        {
            foreach (int rows in (int[])[1, 15, 16, 17, 64, 65])
            {
                data.Add(type, rows, 96, 130);
            }

            data.Add(type, 33, 32, 97);
            data.Add(type, 33, 2048, 128);
            data.Add(type, 33, 5632, 65); // long rows: one panel at a time
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_match_weights_and_activations_rounded_to_thirteen_bits(GgmlType type, int rows, int columns, int tokens)
    {
        Assert.SkipUnless(Avx2.IsSupported, "this processor, or this run, has no integer vectors of 256 bits");
        byte[] stored = RandomData.Weights(type, rows, columns, 21);
        float[] w = new float[rows * columns];
        BlockCodec.Decode(type, stored, w);
        float[] x = RandomData.Floats(tokens * columns, 22);
        double[] expected = MatrixMultiplierTests.Product(Round(w), rows, columns, Round(x), tokens);
        MatrixMultiplierTests.AssertClose(expected, Multiply(type, rows, columns, stored, x, tokens), 1e-5);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Rounding_costs_less_than_one_in_five_thousand(GgmlType type, int rows, int columns, int tokens)
    {
        byte[] stored = RandomData.Weights(type, rows, columns, 23);
        float[] w = new float[rows * columns];
        BlockCodec.Decode(type, stored, w);
        float[] x = RandomData.Floats(tokens * columns, 24);
        MatrixMultiplierTests.AssertClose(
            MatrixMultiplierTests.Product(w, rows, columns, x, tokens),
                MatrixMultiplierTests.Multiply(type, rows, columns, stored, x, tokens, 2, null), 2e-4);
    }

    [Theory]
    [InlineData(GgmlType.F16)]
    [InlineData(GgmlType.BF16)]
    public void The_largest_products_do_not_overflow_and_zero_blocks_stay_zero(GgmlType type)
    {
        const int Columns = 64;
        const int Tokens = 97;
        byte[] stored = new byte[type.ByteCount(2 * Columns)];
        float[] w = new float[2 * Columns];
        Array.Fill(w, 1.5f, 0, Columns); // row 0: everything at its block's largest; row 1: nothing
        BlockCodec.Encode(type, w, stored);
        float[] x = new float[Tokens * Columns];
        Array.Fill(x, -1f);
        float[] y = MatrixMultiplierTests.Multiply(type, 2, Columns, stored, x, Tokens, 1, null);
        for (int token = 0; token < Tokens; token++)
        {
            Assert.Equal(-96f, y[2 * token], 1e-4f);
            Assert.Equal(0f, y[2 * token + 1]);
        }
    }

    [Theory]
    [InlineData(GgmlType.F16)]
    [InlineData(GgmlType.BF16)]
    public void Emitted_products_are_the_same_to_the_bit(GgmlType type)
    {
        Assert.SkipUnless(FinePanel.IsEmitted, "kernels of machine code are not used here");
        const int Columns = 160, Blocks = Columns / 32;
        byte[] stored = RandomData.Weights(type, PanelRows.Count, Columns, 27);
        using NativeBuffer panel = new(FinePanel.PanelBytes(Columns));
        fixed (byte* rows = stored)
        {
            FinePanel.Round(type, rows, type.ByteCount(Columns), PanelRows.Count, Columns, panel.Address);
        }

        foreach (int tokens in (int[])[1, 2, 3, 4, 5, 8, 13])
        {
            byte[] x = new byte[tokens * Blocks * Int8Activations.WideBlockBytes32];
            fixed (byte* activations = x)
            {
                float[] values = RandomData.Floats(tokens * Columns, 28);
                fixed (float* source = values)
                {
                    for (int token = 0; token < tokens; token++)
                    {
                        Int8Activations.PackToken(
                            ActivationLayout.FineBy32, source + (token * Columns), tokens, Columns, token, activations);
                    }
                }

                float[] expected = RandomData.Floats(tokens * PanelRows.Count, 29), actual = [.. expected];
                fixed (float* a = expected, b = actual)
                {
                    FinePanel.Multiply512(panel.Address, Blocks, activations, tokens, a);
                    FinePanel.Multiply(panel.Address, Blocks, activations, tokens, b);
                }

                Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits), actual.Select(BitConverter.SingleToUInt32Bits));
            }
        }
    }

    [Fact]
    public void Activations_stay_f32_when_they_are_not_to_be_rounded()
    {
        const int Columns = 96;
        const int Tokens = 130;
        byte[] stored = RandomData.Weights(GgmlType.F16, 17, Columns, 25);
        float[] w = new float[17 * Columns];
        BlockCodec.Decode(GgmlType.F16, stored, w);
        float[] x = RandomData.Floats(Tokens * Columns, 26);
        double[] expected = MatrixMultiplierTests.Product(w, 17, Columns, x, Tokens);
        WeightPackingOptions exact = new() { QuantizeActivations = false };
        MatrixMultiplierTests.AssertClose(
            expected, MatrixMultiplierTests.Multiply(GgmlType.F16, 17, Columns, stored, x, Tokens, 2, exact), 2e-6);
    }

    // Whatever matrices take here: with tiles of bf16 numbers they have no use for these panels.
    private static float[] Multiply(GgmlType type, int rows, int columns, byte[] stored, float[] x, int tokens)
    {
        const int Slab = Int8Activations.SlabTokens;
        int blocks = columns / 32;
        float[] y = new float[tokens * rows], sums = new float[Slab * PanelRows.Count];
        using NativeBuffer panel = new(FinePanel.PanelBytes(columns));
        using NativeBuffer activations = new((long)tokens * blocks * Int8Activations.WideBlockBytes32);
        fixed (float* source = x)
        {
            for (int token = 0; token < tokens; token++)
            {
                Int8Activations.PackToken(
                    ActivationLayout.FineBy32, source + (token * columns), tokens, columns, token, activations.Address);
            }
        }

        fixed (byte* weights = stored)
        {
            fixed (float* target = y, slabSums = sums)
            {
                MatrixOperand operand = new() { Output = target, OutputStride = rows, Tokens = tokens };
                for (int row = 0; row < rows; row += PanelRows.Count)
                {
                    long rowBytes = type.ByteCount(columns);
                    FinePanel.Round(
                        type, weights + (row * rowBytes), rowBytes, Math.Min(PanelRows.Count, rows - row), columns, panel.Address);
                    for (int slab = 0; slab < tokens; slab += Slab)
                    {
                        int count = Math.Min(Slab, tokens - slab);
                        Array.Clear(sums);
                        byte* slabActivations = activations.Address + ((long)slab * blocks * Int8Activations.WideBlockBytes32);
                        FinePanel.Multiply(panel.Address, blocks, slabActivations, count, slabSums);
                        PanelRows.Store(operand, slabSums, row, rows, slab, count);
                    }
                }
            }
        }

        return y;
    }

    private static float[] Round(float[] values)
    {
        float[] rounded = new float[values.Length];
        for (int start = 0; start < values.Length; start += 32)
        {
            float largest = values.Skip(start).Take(32).Max(MathF.Abs);
            for (int i = start; i < start + 32; i++)
            {
                rounded[i] = MathF.Round(values[i] * (Limit / largest)) * (largest / Limit);
            }
        }

        return rounded;
    }
}
