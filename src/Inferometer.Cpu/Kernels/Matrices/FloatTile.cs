using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// f32 matrix product of one expanded panel, 48 rows wide, with all activations of a step, eight tokens at a time. The widest tier keeps 3
/// x 8 accumulators of 16 rows in registers (24 of 32); with 256-bit vectors 2 x 4 of 8 rows (8 of 16), with 128-bit
/// vectors as many of 4.
/// </summary>
internal static unsafe class FloatTile
{
    /// <summary>Rows of a panel.</summary>
    public const int PanelRows = 48;

    /// <summary>Tokens of a tile.</summary>
    public const int TileTokens = 8;

    /// <summary>Multiplies columns [column, column + depth) of a panel; adds to the output unless <paramref name="column"/> is 0.</summary>
    /// <param name="panel">[depth][48] f32; places of rows that do not exist hold anything.</param>
    /// <param name="activations">All tiles, [tile][columns][8] f32.</param>
    /// <param name="columns">Columns of the whole matrix.</param>
    /// <param name="column">First column of the panel.</param>
    /// <param name="depth">Columns of the panel.</param>
    /// <param name="operand">Output and tokens.</param>
    /// <param name="firstRow">First row of the panel in the matrix.</param>
    /// <param name="rows">Rows that exist, 1 to 48.</param>
    /// <param name="ahead">What the next piece will read: asked for little by little meanwhile.</param>
    public static void MultiplyPanel(
        float* panel, float* activations, int columns, int column, int depth, in MatrixOperand operand, int firstRow, int rows,
        PieceAhead ahead)
    {
        float* edge = stackalloc float[PanelRows * TileTokens];
        int tiles = (operand.Tokens + TileTokens - 1) / TileTokens;
        for (int tile = 0; tile < tiles; tile++)
        {
            int token = tile * TileTokens;
            int lines = (int)((long)ahead.Lines * (tile + 1) / tiles - (long)ahead.Lines * tile / tiles);
            float* x = activations + (long)token * columns + (long)column * TileTokens;
            float* output = operand.Output + (long)token * operand.OutputStride + firstRow;
            int tokens = Math.Min(TileTokens, operand.Tokens - token);
            if (rows == PanelRows && tokens == TileTokens)
            {
                MultiplyTile(panel, x, depth, output, operand.OutputStride, column > 0, ref ahead, lines);
                continue;
            }

            MultiplyTile(panel, x, depth, edge, PanelRows, false, ref ahead, lines);
            for (int t = 0; t < tokens; t++)
            {
                Span<float> target = new(output + (long)t * operand.OutputStride, rows);
                ReadOnlySpan<float> result = new(edge + t * PanelRows, rows);
                AddOrCopy(result, target, column > 0);
            }
        }
    }

    private static void AddOrCopy(ReadOnlySpan<float> source, Span<float> target, bool add)
    {
        for (int i = 0; i < source.Length; i++)
        {
            target[i] = add ? target[i] + source[i] : source[i];
        }
    }

    private static void MultiplyTile(
        float* panel, float* x, int depth, float* output, int stride, bool add, ref PieceAhead ahead, int lines)
    {
        if (Avx512F.IsSupported)
        {
            Tile512(panel, x, depth, output, stride, add, ref ahead, lines);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (int row = 0; row < PanelRows; row += 16)
            {
                Tile256(panel + row, x, depth, output + row, stride, add);
                Tile256(panel + row, x + 4, depth, output + row + 4 * stride, stride, add);
            }
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            for (int row = 0; row < PanelRows; row += 8)
            {
                Tile128(panel + row, x, depth, output + row, stride, add);
                Tile128(panel + row, x + 4, depth, output + row + 4 * stride, stride, add);
            }
        }
        else
        {
            TileScalar(panel, x, depth, output, stride, add);
        }
    }

    private static void TileScalar(float* panel, float* x, int depth, float* output, int stride, bool add)
    {
        for (int t = 0; t < TileTokens; t++)
        {
            for (int row = 0; row < PanelRows; row++)
            {
                float sum = 0;
                for (int k = 0; k < depth; k++)
                {
                    sum += panel[k * PanelRows + row] * x[k * TileTokens + t];
                }

                output[t * stride + row] = add ? output[t * stride + row] + sum : sum;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile512(float* panel, float* x, int depth, float* output, int stride, bool add, ref PieceAhead ahead, int lines)
    {
        byte* next = ahead.Next;
        int leftInRow = ahead.LeftInRow;
        Vector512<float> c00 = default, c10 = default, c20 = default;
        Vector512<float> c01 = default, c11 = default, c21 = default;
        Vector512<float> c02 = default, c12 = default, c22 = default;
        Vector512<float> c03 = default, c13 = default, c23 = default;
        Vector512<float> c04 = default, c14 = default, c24 = default;
        Vector512<float> c05 = default, c15 = default, c25 = default;
        Vector512<float> c06 = default, c16 = default, c26 = default;
        Vector512<float> c07 = default, c17 = default, c27 = default;
        for (int k = 0; k < depth; k++)
        {
            if (lines > 0)
            {
                lines--;
                Sse.Prefetch1(next);
                next += 64;
                if (--leftInRow == 0)
                {
                    leftInRow = ahead.LinesPerRow;
                    next += ahead.Skip;
                }
            }

            Vector512<float> w0 = Vector512.Load(panel);
            Vector512<float> w1 = Vector512.Load(panel + 16);
            Vector512<float> w2 = Vector512.Load(panel + 32);
            Vector512<float> x0 = Vector512.Create(x[0]);
            c00 = Vector512.FusedMultiplyAdd(w0, x0, c00);
            c10 = Vector512.FusedMultiplyAdd(w1, x0, c10);
            c20 = Vector512.FusedMultiplyAdd(w2, x0, c20);
            Vector512<float> x1 = Vector512.Create(x[1]);
            c01 = Vector512.FusedMultiplyAdd(w0, x1, c01);
            c11 = Vector512.FusedMultiplyAdd(w1, x1, c11);
            c21 = Vector512.FusedMultiplyAdd(w2, x1, c21);
            Vector512<float> x2 = Vector512.Create(x[2]);
            c02 = Vector512.FusedMultiplyAdd(w0, x2, c02);
            c12 = Vector512.FusedMultiplyAdd(w1, x2, c12);
            c22 = Vector512.FusedMultiplyAdd(w2, x2, c22);
            Vector512<float> x3 = Vector512.Create(x[3]);
            c03 = Vector512.FusedMultiplyAdd(w0, x3, c03);
            c13 = Vector512.FusedMultiplyAdd(w1, x3, c13);
            c23 = Vector512.FusedMultiplyAdd(w2, x3, c23);
            Vector512<float> x4 = Vector512.Create(x[4]);
            c04 = Vector512.FusedMultiplyAdd(w0, x4, c04);
            c14 = Vector512.FusedMultiplyAdd(w1, x4, c14);
            c24 = Vector512.FusedMultiplyAdd(w2, x4, c24);
            Vector512<float> x5 = Vector512.Create(x[5]);
            c05 = Vector512.FusedMultiplyAdd(w0, x5, c05);
            c15 = Vector512.FusedMultiplyAdd(w1, x5, c15);
            c25 = Vector512.FusedMultiplyAdd(w2, x5, c25);
            Vector512<float> x6 = Vector512.Create(x[6]);
            c06 = Vector512.FusedMultiplyAdd(w0, x6, c06);
            c16 = Vector512.FusedMultiplyAdd(w1, x6, c16);
            c26 = Vector512.FusedMultiplyAdd(w2, x6, c26);
            Vector512<float> x7 = Vector512.Create(x[7]);
            c07 = Vector512.FusedMultiplyAdd(w0, x7, c07);
            c17 = Vector512.FusedMultiplyAdd(w1, x7, c17);
            c27 = Vector512.FusedMultiplyAdd(w2, x7, c27);
            panel += PanelRows;
            x += TileTokens;
        }

        ahead.Next = next;
        ahead.LeftInRow = leftInRow;
        Store48(output, add, c00, c10, c20);
        Store48(output + 1 * stride, add, c01, c11, c21);
        Store48(output + 2 * stride, add, c02, c12, c22);
        Store48(output + 3 * stride, add, c03, c13, c23);
        Store48(output + 4 * stride, add, c04, c14, c24);
        Store48(output + 5 * stride, add, c05, c15, c25);
        Store48(output + 6 * stride, add, c06, c16, c26);
        Store48(output + 7 * stride, add, c07, c17, c27);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store48(float* target, bool add, Vector512<float> v0, Vector512<float> v1, Vector512<float> v2)
    {
        if (add)
        {
            v0 += Vector512.Load(target);
            v1 += Vector512.Load(target + 16);
            v2 += Vector512.Load(target + 32);
        }

        v0.Store(target);
        v1.Store(target + 16);
        v2.Store(target + 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile256(float* panel, float* x, int depth, float* output, int stride, bool add)
    {
        Vector256<float> c00 = default, c10 = default;
        Vector256<float> c01 = default, c11 = default;
        Vector256<float> c02 = default, c12 = default;
        Vector256<float> c03 = default, c13 = default;
        for (int k = 0; k < depth; k++)
        {
            Vector256<float> w0 = Vector256.Load(panel);
            Vector256<float> w1 = Vector256.Load(panel + 8);
            Vector256<float> x0 = Vector256.Create(x[0]);
            c00 = Vector256.FusedMultiplyAdd(w0, x0, c00);
            c10 = Vector256.FusedMultiplyAdd(w1, x0, c10);
            Vector256<float> x1 = Vector256.Create(x[1]);
            c01 = Vector256.FusedMultiplyAdd(w0, x1, c01);
            c11 = Vector256.FusedMultiplyAdd(w1, x1, c11);
            Vector256<float> x2 = Vector256.Create(x[2]);
            c02 = Vector256.FusedMultiplyAdd(w0, x2, c02);
            c12 = Vector256.FusedMultiplyAdd(w1, x2, c12);
            Vector256<float> x3 = Vector256.Create(x[3]);
            c03 = Vector256.FusedMultiplyAdd(w0, x3, c03);
            c13 = Vector256.FusedMultiplyAdd(w1, x3, c13);
            panel += PanelRows;
            x += TileTokens;
        }

        Store16(output, add, c00, c10);
        Store16(output + 1 * stride, add, c01, c11);
        Store16(output + 2 * stride, add, c02, c12);
        Store16(output + 3 * stride, add, c03, c13);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store16(float* target, bool add, Vector256<float> v0, Vector256<float> v1)
    {
        if (add)
        {
            v0 += Vector256.Load(target);
            v1 += Vector256.Load(target + 8);
        }

        v0.Store(target);
        v1.Store(target + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile128(float* panel, float* x, int depth, float* output, int stride, bool add)
    {
        Vector128<float> c00 = default, c10 = default;
        Vector128<float> c01 = default, c11 = default;
        Vector128<float> c02 = default, c12 = default;
        Vector128<float> c03 = default, c13 = default;
        for (int k = 0; k < depth; k++)
        {
            Vector128<float> w0 = Vector128.Load(panel);
            Vector128<float> w1 = Vector128.Load(panel + 4);
            Vector128<float> x0 = Vector128.Create(x[0]);
            c00 = Vector128.MultiplyAddEstimate(w0, x0, c00);
            c10 = Vector128.MultiplyAddEstimate(w1, x0, c10);
            Vector128<float> x1 = Vector128.Create(x[1]);
            c01 = Vector128.MultiplyAddEstimate(w0, x1, c01);
            c11 = Vector128.MultiplyAddEstimate(w1, x1, c11);
            Vector128<float> x2 = Vector128.Create(x[2]);
            c02 = Vector128.MultiplyAddEstimate(w0, x2, c02);
            c12 = Vector128.MultiplyAddEstimate(w1, x2, c12);
            Vector128<float> x3 = Vector128.Create(x[3]);
            c03 = Vector128.MultiplyAddEstimate(w0, x3, c03);
            c13 = Vector128.MultiplyAddEstimate(w1, x3, c13);
            panel += PanelRows;
            x += TileTokens;
        }

        Store8(output, add, c00, c10);
        Store8(output + 1 * stride, add, c01, c11);
        Store8(output + 2 * stride, add, c02, c12);
        Store8(output + 3 * stride, add, c03, c13);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store8(float* target, bool add, Vector128<float> v0, Vector128<float> v1)
    {
        if (add)
        {
            v0 += Vector128.Load(target);
            v1 += Vector128.Load(target + 4);
        }

        v0.Store(target);
        v1.Store(target + 4);
    }
}
