using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Tests.Kernels;

/// <summary>F16 and BF16 weights in the processor's tiles.</summary>
public sealed unsafe class BrainTileTests
{
    private static void NeedTiles() =>
        Assert.SkipUnless(TileKernels.IsSupported, "this processor has no tiles, or the system does not give them");

    public static TheoryData<GgmlType, int, int> Shapes()
    {
        TheoryData<GgmlType, int, int> data = [];
        foreach (GgmlType type in (GgmlType[])[GgmlType.F16, GgmlType.BF16])
        {
            foreach (int rows in (int[])[1, 16, 17, 31, 32, 33, 64, 95])
            {
                data.Add(type, rows, 96);
            }

            data.Add(type, 40, 32);
            data.Add(type, 300, 288); // more rows than one piece, columns that are no whole slices
            data.Add(type, 40, 5632);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_are_as_good_as_those_of_floats(GgmlType type, int rows, int columns)
    {
        NeedTiles();
        byte[] stored = RandomData.Weights(type, rows, columns, 31);
        float[] w = new float[rows * columns];
        BlockCodec.Decode(type, stored, w);
        foreach (int tokens in (int[])[BrainTiles.FewestTokens, 7, 8, 9, 15, 16, 17, 31, 32, 33, 49, 64, 130])
        {
            float[] x = RandomData.Floats(tokens * columns, 32);
            MatrixMultiplierTests.AssertClose(
                MatrixMultiplierTests.Product(w, rows, columns, x, tokens),
                MatrixMultiplierTests.Multiply(type, rows, columns, stored, x, tokens, 2, null), 2e-5);
        }
    }

    [Theory]
    [InlineData(GgmlType.F16)]
    [InlineData(GgmlType.BF16)]
    public void A_token_has_the_same_result_whatever_tokens_are_computed_with_it(GgmlType type)
    {
        NeedTiles();
        const int Rows = 70, Columns = 352;
        byte[] stored = RandomData.Weights(type, Rows, Columns, 33);
        float[] x = RandomData.Floats(70 * Columns, 34);
        float[] all = MatrixMultiplierTests.Multiply(type, Rows, Columns, stored, x, 70, 2, null);
        foreach (int tokens in (int[])[BrainTiles.FewestTokens, 8, 16, 17, 24, 32, 33, 48])
        {
            float[] some = MatrixMultiplierTests.Multiply(type, Rows, Columns, stored, x[..(tokens * Columns)], tokens, 2, null);
            Assert.Equal(all[..(tokens * Rows)], some);
        }
    }

    [Fact]
    public void F16_weights_are_split_without_a_loss()
    {
        NeedTiles();

        // Activations of one bf16 number each, so that nothing of a product is left out: every finite f16 number comes back as it is.
        const int Columns = 32, Tokens = 8, Rows = 65536;
        byte[] stored = new byte[Rows * Columns * sizeof(ushort)];
        float[] x = new float[Tokens * Columns];
        for (int token = 0; token < Tokens; token++)
        {
            x[(token * Columns) + (token * 4) + 1] = 1;
        }

        for (int row = 0; row < Rows; row++)
        {
            for (int token = 0; token < Tokens; token++)
            {
                BitConverter.TryWriteBytes(stored.AsSpan(((row * Columns) + (token * 4) + 1) * sizeof(ushort)), (ushort)row);
            }
        }

        float[] y = MatrixMultiplierTests.Multiply(GgmlType.F16, Rows, Columns, stored, x, Tokens, 2, null);
        for (int row = 0; row < Rows; row++)
        {
            float weight = (float)BitConverter.UInt16BitsToHalf((ushort)row);
            if (!float.IsFinite(weight))
            {
                continue;
            }

            for (int token = 0; token < Tokens; token++)
            {
                Assert.Equal(weight, y[(token * Rows) + row]);
            }
        }
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(-3.14159274f)]
    [InlineData(1e-30f)]
    [InlineData(65504f)]
    [InlineData(0.333333343f)]
    public void Activations_keep_seventeen_bits(float value)
    {
        NeedTiles();
        const int Columns = 32, Tokens = 5;
        float[] x = new float[Tokens * Columns];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = value * (1 + (i * 0.001f));
        }

        byte[] packed = new byte[BrainActivations.ByteCount(Tokens, Columns)];
        fixed (float* source = x)
        {
            fixed (byte* target = packed)
            {
                BrainActivations.Pack(source, 0, Tokens, Columns, inHalves: false, target);
            }
        }

        for (int token = 0; token < Tokens; token++)
        {
            for (int column = 0; column < Columns; column++)
            {
                int at = (column / 2 * TileShapes.MaxRowBytes) + (token * 4) + (column % 2 * 2);
                double read = Brain(packed, at) + (double)Brain(packed, at + BrainActivations.PartBytes);
                float expected = x[(token * Columns) + column];
                Assert.InRange(Math.Abs(read - expected), 0, Math.Abs(expected) / (1 << 17));
            }
        }

        static float Brain(byte[] bytes, int at) => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(bytes, at) << 16);
    }
}
