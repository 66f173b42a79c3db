using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Threading;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Tests.Kernels;

public sealed unsafe class MatrixMultiplierTests
{
    public static readonly GgmlType[] Types =
    [
        GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_1, GgmlType.Q5_0, GgmlType.Q5_1, GgmlType.Q4_K,
            GgmlType.Q5_K, GgmlType.Q6_K, GgmlType.Q2_K, GgmlType.Q3_K, GgmlType.IQ1_S, GgmlType.IQ1_M, GgmlType.IQ2_XXS, GgmlType.IQ2_XS,
            GgmlType.IQ2_S, GgmlType.IQ3_XXS, GgmlType.IQ3_S, GgmlType.IQ4_NL, GgmlType.IQ4_XS, GgmlType.TQ1_0, GgmlType.TQ2_0,
            GgmlType.MXFP4, GgmlType.NVFP4, GgmlType.Q1_0, GgmlType.Q2_0,
    ];

    public static TheoryData<GgmlType, int, int> ExactShapes()
    {
        TheoryData<GgmlType, int, int> data = [];
        foreach (GgmlType type in Types)
        {
            foreach (int rows in (int[])[1, 15, 47, 48, 49, 113])
            {
                data.Add(type, rows, type.BlockSize() switch { 1 => rows + 250, 32 => 288, 256 => 512, _ => 384 });
            }
        }

        foreach (int columns in (int[])[1, 15, 16, 17, 63, 64, 65, 127, 128, 512])
        {
            data.Add(GgmlType.F32, 17, columns);
            data.Add(GgmlType.F16, 17, columns);
            data.Add(GgmlType.BF16, 17, columns);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(ExactShapes))]
    public void Exact_products_match_the_double_precision_reference(GgmlType type, int rows, int columns)
    {
        byte[] stored = RandomData.Weights(type, rows, columns, 1);
        foreach (int tokens in (int[])[1, 2, 3, 4, 8, 13, 99])
        {
            float[] x = RandomData.Floats(tokens * columns, 2);
            Compare(type, rows, columns, stored, x, tokens, 2e-5, new WeightPackingOptions { QuantizeActivations = false });
        }
    }

    public static TheoryData<GgmlType, int, int> FloatShapes()
    {
        TheoryData<GgmlType, int, int> data = [];
        foreach (GgmlType type in (GgmlType[])[GgmlType.F32, GgmlType.F16, GgmlType.BF16])
        {
            data.Add(type, 1, 40); // fewer rows than any tile has
            data.Add(type, 11, 7); // fewer columns than any vector has
            data.Add(type, 29, 24);
            data.Add(type, 62, 83); // odd everywhere
            data.Add(type, 96, 272);
            data.Add(type, 29, 2100); // rows too long for the tile of short ones
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(FloatShapes))]
    public void Float_products_match_the_reference_for_all_numbers_of_tokens(GgmlType type, int rows, int columns)
    {
        const int MostTokens = 111; // past the tiles of dot products
        byte[] stored = RandomData.Weights(type, rows, columns, 11);
        float[] x = RandomData.Floats(MostTokens * columns, 12);
        foreach (int tokens in Enumerable.Range(1, 40).Append(97).Append(104).Append(MostTokens))
        {
            Compare(type, rows, columns, stored, x[..(tokens * columns)], tokens, 2e-5, new WeightPackingOptions());
        }
    }

    [Theory]
    [InlineData(GgmlType.F32, false)]
    [InlineData(GgmlType.F16, false)]
    [InlineData(GgmlType.BF16, false)]
    [InlineData(GgmlType.F32, true)]
    [InlineData(GgmlType.F16, true)]
    public void A_row_has_the_same_result_whatever_rows_are_computed_with_it(GgmlType type, bool longRows)
    {
        const int Rows = 31;
        int columns = longRows ? 2100 : 75;
        byte[] stored = RandomData.Weights(type, Rows, columns, 13);
        int rowBytes = stored.Length / Rows;
        foreach (int tokens in (int[])[1, 2, 4, 8, 15, 103])
        {
            float[] x = RandomData.Floats(tokens * columns, 14);
            float[] all = Multiply(type, Rows, columns, stored, x, tokens, 1, null);
            for (int row = 0; row < Rows; row++)
            {
                float[] alone = Multiply(type, 1, columns, stored[(row * rowBytes)..((row + 1) * rowBytes)], x, tokens, 1, null);
                for (int t = 0; t < tokens; t++)
                {
                    Assert.Equal(all[t * Rows + row], alone[t]);
                }
            }
        }
    }

    [Fact]
    public void Matrices_that_share_an_input_each_get_their_own_product()
    {
        const int Columns = 96;
        const int Tokens = 5;
        float[] x = RandomData.Floats(Tokens * Columns, 3);
        float[] q = RandomData.Floats(64 * Columns, 4), k = RandomData.Floats(17 * Columns, 5), v = RandomData.Floats(33 * Columns, 6);
        using WeightMatrix wq = WeightMatrix.FromValues(q, 64, Columns), wk = WeightMatrix.FromValues(k, 17, Columns),
            wv = WeightMatrix.FromValues(v, 33, Columns);
        using WorkerPool pool = new(2);
        using MatrixMultiplier multiplier = new(pool);
        float[] yq = new float[Tokens * 64], yk = new float[Tokens * 17], yv = new float[Tokens * 33];
        multiplier.Multiply(x, Tokens, wq, yq, wk, yk, wv, yv);
        AssertClose(Product(q, 64, Columns, x, Tokens), yq, 1e-5);
        AssertClose(Product(k, 17, Columns, x, Tokens), yk, 1e-5);
        AssertClose(Product(v, 33, Columns, x, Tokens), yv, 1e-5);
        float[] again = new float[Tokens * 64];
        multiplier.Multiply(x, Tokens, wk, yk, wq, again);
        Assert.Equal(yq, again);
    }

    [Fact]
    public void Thread_count_does_not_change_a_single_bit()
    {
        const int Rows = 200;
        const int Columns = 256;
        foreach (GgmlType type in Types)
        {
            byte[] stored = RandomData.Weights(type, Rows, Columns, 7);
            foreach (int tokens in (int[])[1, 2, 4, 9, 21, 103])
            {
                float[] x = RandomData.Floats(tokens * Columns, 8);
                Assert.Equal(
                    Multiply(type, Rows, Columns, stored, x, tokens, 1, null), Multiply(type, Rows, Columns, stored, x, tokens, 3, null));
            }
        }
    }

    [Fact]
    public void A_row_decodes_to_the_values_the_format_defines()
    {
        foreach (GgmlType type in Types)
        {
            byte[] stored = RandomData.Weights(type, 20, 256, 9);
            float[] expected = new float[20 * 256];
            BlockCodec.Decode(type, stored, expected);
            float[] row = new float[256];
            fixed (byte* source = stored)
            {
                using WeightMatrix matrix = WeightMatrix.Create(type, 20, 256, source, stored.Length);
                for (int i = 0; i < 20; i++)
                {
                    matrix.DecodeRow(i, row);
                    AssertClose([.. expected.AsSpan(i * 256, 256).ToArray().Select(v => (double)v)], row, 1e-6);
                }
            }
        }
    }

    [Fact]
    public void A_warm_multiplication_allocates_nothing()
    {
        using WeightMatrix w = WeightMatrix.FromValues(RandomData.Floats(100 * 64, 1), 100, 64);
        using WorkerPool pool = new(2);
        using MatrixMultiplier multiplier = new(pool);
        float[] x = RandomData.Floats(9 * 64, 2), y = new float[900];
        multiplier.Multiply(x, 9, w, y);
        multiplier.Multiply(x, 1, w, y);

        // What a multiplication takes it takes each time; what the runtime makes when threads first wait for one another comes once.
        long least = long.MaxValue;
        for (int round = 0; round < 3; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            multiplier.Multiply(x, 9, w, y);
            multiplier.Multiply(x, 1, w, y);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        byte[] bytes = new byte[34 * 4];
        fixed (byte* source = bytes)
        {
            nint address = (nint)source;
            Assert.Throws<ArgumentException>(() => WeightMatrix.Create(GgmlType.Q8_0, 5, 32, (byte*)address, bytes.Length));
            Assert.Throws<ArgumentException>(() => WeightMatrix.Create(GgmlType.Q8_0, 4, 33, (byte*)address, bytes.Length));
            Assert.Throws<InferometerException>(() => WeightMatrix.Create(GgmlType.Q8_K, 1, 256, (byte*)address, bytes.Length));
        }
    }

    internal static double[] Product(float[] w, int rows, int columns, float[] x, int tokens)
    {
        double[] y = new double[tokens * rows];
        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < rows; r++)
            {
                for (int k = 0; k < columns; k++)
                {
                    y[t * rows + r] += (double)w[r * columns + k] * x[t * columns + k];
                }
            }
        }

        return y;
    }

    internal static float[] Multiply(
        GgmlType type, int rows, int columns, byte[] stored, float[] x, int tokens, int threads, WeightPackingOptions? options)
    {
        using WorkerPool pool = new(threads);
        using MatrixMultiplier multiplier = new(pool);
        float[] y = new float[tokens * rows];
        fixed (byte* source = stored)
        {
            using WeightMatrix matrix = WeightMatrix.Create(type, rows, columns, source, stored.Length, pool, options);
            multiplier.Multiply(x, tokens, matrix, y);
        }

        return y;
    }

    internal static void AssertClose(double[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = Math.Max(expected.Select(Math.Abs).Max(), 1e-3);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= tolerance * scale,
                $"element {i}: {actual[i]} where {expected[i]} is expected (largest {scale})");
        }
    }

    private static void Compare(
        GgmlType type, int rows, int columns, byte[] stored, float[] x, int tokens, double tolerance, WeightPackingOptions options)
    {
        float[] w = new float[rows * columns];
        BlockCodec.Decode(type, stored, w);
        AssertClose(Product(w, rows, columns, x, tokens), Multiply(type, rows, columns, stored, x, tokens, 2, options), tolerance);
    }
}
