using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Threading;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Tests.Kernels;

public sealed unsafe class PanelMatrixTests
{
    private static readonly GgmlType[] s_types =

    [
        GgmlType.Q4_0, GgmlType.Q4_1, GgmlType.Q5_0, GgmlType.Q5_1, GgmlType.Q8_0, GgmlType.Q2_K, GgmlType.Q3_K, GgmlType.Q4_K,
            GgmlType.Q5_K,
        GgmlType.Q6_K, GgmlType.IQ4_NL, GgmlType.IQ4_XS, GgmlType.MXFP4, GgmlType.NVFP4,
    ];

    public static readonly TheoryData<GgmlType> Types = [.. s_types];

    public static TheoryData<GgmlType, int, int> Shapes()
    {
        TheoryData<GgmlType, int, int> data = [];
        foreach (GgmlType type in s_types)
        {
            foreach (int rows in (int[])[1, 15, 16, 17, 63, 64, 65, 128])
            {
                data.Add(type, rows, type.BlockSize() * 3);
            }

            data.Add(type, 33, type.BlockSize());
            data.Add(type, 33, 2048);
        }

        return data;
    }

    /// <summary>
    /// Weights as the format defines them times activations as rounded to 8 bits, in double precision: what an integer kernel must give but
    /// for the rounding of sums.
    /// </summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void Integer_products_match_rounded_activations(GgmlType type, int rows, int columns)
    {
        byte[] stored = RandomData.Weights(type, rows, columns, 1);
        float[] w = new float[rows * columns];
        BlockCodec.Decode(type, stored, w);
        foreach (int tokens in (int[])[1, 2, 7, 8, 9, 63, 64, 65, 130])
        {
            if (tokens > 9 && rows > 20)
            {
                continue;
            }

            float[] x = RandomData.Floats(tokens * columns, tokens);
            float[] rounded = Round(x, type is GgmlType.IQ4_XS or GgmlType.NVFP4 ? 32 : type.BlockSize());
            double[] expected = MatrixMultiplierTests.Product(w, rows, columns, rounded, tokens);
            MatrixMultiplierTests.AssertClose(
                expected, MatrixMultiplierTests.Multiply(type, rows, columns, stored, x, tokens, 2, null), 2e-6);
        }
    }

    /// <summary>
    /// To the bit, whichever kernels the two numbers of tokens go to: what a request gets does not hang on its neighbours.
    /// </summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void A_token_gives_the_same_alone_as_among_others(GgmlType type)
    {
        const int Rows = 33, Tokens = 11;
        int columns = type.BlockSize() * 3;
        byte[] stored = RandomData.Weights(type, Rows, columns, 5);
        float[] x = RandomData.Floats(Tokens * columns, 6);
        float[] together = MatrixMultiplierTests.Multiply(type, Rows, columns, stored, x, Tokens, 2, null);
        for (int token = 0; token < Tokens; token++)
        {
            float[] own = x[(token * columns)..((token + 1) * columns)];
            float[] alone = MatrixMultiplierTests.Multiply(type, Rows, columns, stored, own, 1, 1, null);
            Assert.Equal(together[(token * Rows)..((token + 1) * Rows)], alone);
        }
    }

    /// <summary>
    /// Kernels on tiles, which many tokens go to, give to the bit what a token alone is given by others: whole groups of 16 tokens and what
    /// is left, whole rounds of blocks and what is left.
    /// </summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Tiles_change_no_bit(GgmlType type)
    {
        Assert.SkipUnless(TileKernels.IsSupported, "kernels on tiles are not used here");
        const int Rows = 33, MostTokens = 81;
        foreach (int blocks in (int[])[1, 2, 7, 8])
        {
            int columns = type.BlockSize() * blocks;
            byte[] stored = RandomData.Weights(type, Rows, columns, 7);
            float[] x = RandomData.Floats(MostTokens * columns, 8), expected = new float[MostTokens * Rows];
            fixed (byte* source = stored)
            {
                using var matrix = WeightMatrix.Create(type, Rows, columns, source, stored.Length);
                using WorkerPool pool = new(2);
                using MatrixMultiplier multiplier = new(pool);
                for (int token = 0; token < MostTokens; token++)
                {
                    float[] alone = new float[Rows];
                    multiplier.Multiply(x.AsSpan(token * columns, columns), 1, matrix, alone);
                    alone.CopyTo(expected, token * Rows);
                }

                foreach (int tokens in (int[])[.. Enumerable.Range(1, 20), 31, 32, 33, 48, 63, 64, 65, 81])
                {
                    float[] actual = new float[tokens * Rows];
                    multiplier.Multiply(x.AsSpan(0, tokens * columns), tokens, matrix, actual);
                    Assert.Equal(expected[..(tokens * Rows)], actual);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Extreme_weights_and_activations_do_not_overflow(GgmlType type)
    {
        const int Rows = 16;
        int columns = type.BlockSize() * 2;
        float[] ones = [.. Enumerable.Repeat(1f, columns)],
            alternating = [.. Enumerable.Range(0, columns).Select(i => i % 4 < 2 ? 1f : -1f)];
        foreach (byte fill in (byte[])[0x00, 0xFF, 0x80, 0x7F])
        {
            byte[] stored = new byte[type.ByteCount(Rows * columns)];
            byte[] scales = RandomData.Weights(type, Rows, columns, 3);
            Array.Fill(stored, fill);
            CopyFactors(type, scales, stored);
            float[] w = new float[Rows * columns];
            BlockCodec.Decode(type, stored, w);
            foreach (float[] x in (float[][])[ones, alternating])
            {
                // Products may cancel to nothing, so the error is measured against the sum of their sizes.
                double[] expected = MatrixMultiplierTests.Product(w, Rows, columns, x, 1);
                double[] sizes = MatrixMultiplierTests.Product([.. w.Select(MathF.Abs)], Rows, columns, ones, 1);
                foreach (int tokens in (int[])[1, 5, 17])
                {
                    float[] repeated = [.. Enumerable.Repeat(x, tokens).SelectMany(token => token)];
                    float[] actual = MatrixMultiplierTests.Multiply(type, Rows, columns, stored, repeated, tokens, 1, null);
                    Assert.All(
                        Enumerable.Range(0, tokens * Rows),
                        i => Assert.Equal(expected[i % Rows], actual[i], 1e-6 * sizes[i % Rows] + 1e-9));
                }
            }
        }
    }

    /// <summary>Blocks whose products come to more than 2^24, which f32 would round along the way.</summary>
    [Theory]
    [InlineData(GgmlType.Q4_K)]
    [InlineData(GgmlType.Q5_K)]
    [InlineData(GgmlType.Q6_K)]
    public void Large_sums_are_the_same_for_any_number_of_tokens(GgmlType type)
    {
        const int Rows = 32, Tokens = 33;
        int columns = type.BlockSize() * 2;
        byte[] stored = RandomData.Weights(type, Rows, columns, 11), factors = [.. stored];
        for (int i = 0; i < stored.Length; i++)
        {
            // Quants of 14 and 15 in each nibble, and scales of Q6_K up to 127.
            bool isScale = type == GgmlType.Q6_K && i % type.BlockBytes() is >= 192 and < 208;
            stored[i] = (byte)(isScale ? 96 + (stored[i] % 32) : stored[i] | 0xEE);
        }

        CopyFactors(type, factors, stored);
        float[] x = [.. RandomData.Floats(Tokens * columns, 12).Select(v => 0.9f + (0.1f * (v - MathF.Floor(v))))];
        float[] together = MatrixMultiplierTests.Multiply(type, Rows, columns, stored, x, Tokens, 1, null);
        for (int token = 0; token < Tokens; token++)
        {
            float[] own = x[(token * columns)..((token + 1) * columns)];
            Assert.Equal(
                together[(token * Rows)..((token + 1) * Rows)],
                MatrixMultiplierTests.Multiply(type, Rows, columns, stored, own, 1, 1, null));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Repacking_loses_nothing(GgmlType type)
    {
        int columns = type.BlockSize() * 2;
        byte[] stored = RandomData.Weights(type, 35, columns, 2);
        float[] expected = new float[35 * columns], row = new float[columns];
        BlockCodec.Decode(type, stored, expected);
        fixed (byte* source = stored)
        {
            using WeightMatrix matrix = WeightMatrix.Create(type, 35, columns, source, stored.Length);
            Assert.False(matrix.ReadsSource);
            Array.Clear(stored);
            for (int i = 0; i < 35; i++)
            {
                matrix.DecodeRow(i, row);
                Assert.Equal(expected[(i * columns)..((i + 1) * columns)], row);
            }
        }
    }

    /// <summary>With rows as they are stored, while they are repacked, and with panels: all the same to the bit.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Repacking_while_in_use_changes_no_bit(GgmlType type)
    {
        const int Rows = 83, Uses = 2;
        int columns = type.BlockSize() * 3;
        byte[] stored = RandomData.Weights(type, Rows, columns, 4);
        float[] x = RandomData.Floats(130 * columns, 5), expected = new float[130 * Rows], actual = new float[130 * Rows];
        float[] row = new float[columns], decoded = new float[columns];
        int repacked = 0;
        using WorkerPool pool = new(3);
        using MatrixMultiplier multiplier = new(pool);
        fixed (byte* source = stored)
        {
            using var atOnce = WeightMatrix.Create(type, Rows, columns, source, stored.Length);
            foreach (int tokens in (int[])[1, 5, 64, 130])
            {
                byte[] own = [.. stored];
                fixed (byte* kept = own)
                {
                    using PanelMemory memory = new();
                    RepackingDelay delay = new(Uses, (first, count) => repacked += first == 0 && count == Rows ? 1 : 0);
                    using var inUse = WeightMatrix.CreateIn(memory, type, Rows, columns, kept, own.Length, pool, null, delay);
                    repacked = 0;
                    multiplier.Multiply(x, tokens, atOnce, expected);
                    for (int use = 0; use < Uses + 3; use++)
                    {
                        Assert.Equal(use <= Uses, inUse.ReadsSource);
                        Assert.Equal(use <= Uses, inUse.Repacked is null);
                        Assert.Equal(use <= Uses ? 0 : 1, repacked);
                        Array.Fill(actual, float.NaN);
                        multiplier.Multiply(x, tokens, inUse, actual);
                        Assert.Equal(expected[..(tokens * Rows)], actual[..(tokens * Rows)]);
                        atOnce.DecodeRow(use * 16, row);
                        inUse.DecodeRow(use * 16, decoded);
                        Assert.Equal(row, decoded);
                        if (repacked > 0)
                        {
                            Array.Clear(own); // what comes now must come from the panels
                        }
                    }

                    Assert.True(new ReadOnlySpan<byte>(atOnce.Repacked, (int)atOnce.SizeBytes).SequenceEqual(
                        new ReadOnlySpan<byte>(inUse.Repacked, (int)inUse.SizeBytes)));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Panels_take_little_more_memory_than_the_stored_weights(GgmlType type)
    {
        byte[] stored = RandomData.Weights(type, 160, 2048, 2);
        fixed (byte* source = stored)
        {
            using WeightMatrix matrix = WeightMatrix.Create(type, 160, 2048, source, stored.Length);
            Assert.InRange(matrix.SizeBytes, stored.Length, stored.Length * 1.04);
        }
    }

    /// <summary>Each of the 256 bytes that a scale may be, with and without exponent, as one that is no number too.</summary>
    [Fact]
    public void Every_scale_of_NVFP4_multiplies_as_it_decodes()
    {
        const int Rows = 64, Columns = 64, Group = 16;
        byte[] stored = RandomData.Weights(GgmlType.NVFP4, Rows, Columns, 6);
        for (int scale = 0; scale < 256; scale++)
        {
            stored[scale / 4 * 36 + scale % 4] = (byte)scale;
        }

        float[] w = new float[Rows * Columns], x = new float[4 * Columns];
        BlockCodec.Decode(GgmlType.NVFP4, stored, w);
        for (int group = 0; group < 4; group++)
        {
            x.AsSpan(group * (Columns + Group), Group).Fill(1); // each token sees one group
        }

        double[] expected = MatrixMultiplierTests.Product(w, Rows, Columns, x, 4);
        float[] actual = MatrixMultiplierTests.Multiply(GgmlType.NVFP4, Rows, Columns, stored, x, 4, 1, null);
        Assert.Contains(expected, y => y != 0 && Math.Abs(y) < 0.05);
        Assert.All(Enumerable.Range(0, expected.Length), i => Assert.Equal(expected[i], actual[i], Math.Abs(expected[i]) * 1e-6));
    }

    [Fact]
    public void Activations_of_zero_give_zero()
    {
        byte[] stored = RandomData.Weights(GgmlType.Q4_0, 16, 64, 2);
        Assert.All(MatrixMultiplierTests.Multiply(GgmlType.Q4_0, 16, 64, stored, new float[64], 1, 1, null), y => Assert.Equal(0, y));
    }

    private static float[] Round(float[] x, int block)
    {
        float[] rounded = new float[x.Length];
        for (int start = 0; start < x.Length; start += block)
        {
            float scale = x.Skip(start).Take(block).Max(MathF.Abs) / 127;
            for (int i = start; i < start + block; i++)
            {
                rounded[i] = MathF.Round(x[i] * (1 / scale)) * scale;
            }
        }

        return rounded;
    }

    /// <summary>Copies the f16 factors of every block, leaving the quants alone.</summary>
    private static void CopyFactors(GgmlType type, byte[] source, byte[] target)
    {
        for (int start = 0; start < source.Length; start += type.BlockBytes())
        {
            (int offset, int bytes) = type switch
            {
                GgmlType.Q4_1 or GgmlType.Q5_1 or GgmlType.Q4_K or GgmlType.Q5_K => (0, 4),
                GgmlType.Q6_K => (208, 2),
                GgmlType.Q2_K => (80, 4),
                GgmlType.Q3_K => (108, 2),
                GgmlType.MXFP4 => (0, 1),
                GgmlType.NVFP4 => (0, 4),
                _ => (0, 2),
            };
            source.AsSpan(start + offset, bytes).CopyTo(target.AsSpan(start + offset, bytes));
        }
    }
}
