using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Stored weights, row after row, times f32 activations of one to a few dozen tokens, without a copy of either: tiles of a few rows and
/// tokens, weights converted in registers. Bound by memory for few tokens and by multiply-adds from about eight on. A result depends on its
/// row and its number of tokens alone, not on which rows are computed with it.
/// </summary>
internal static unsafe class RowDots
{
    /// <summary>Rows that any tile has at most.</summary>
    public const int MaxTileRows = 8;

    /// <summary>
    /// Rows that all tokens pass over before the next ones: whole tiles of every shape. Pieces of work are whole blocks of so many.
    /// </summary>
    public const int BlockRows = 24;

    private const int MaxTileTokens = 8;

    /// <summary>Rows are short when four of them take no more than half of a first-level cache.</summary>
    private const int MaxShortRowBytes = 4096;

    /// <summary>Computes rows [0, rows) for all tokens of <paramref name="operand"/>.</summary>
    /// <param name="weights">First row.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">Columns of weights and activations.</param>
    /// <param name="operand">Activations as <see cref="ActivationLayout.Rows"/>, and the output.</param>
    /// <param name="firstRow">Row of the output that the first row belongs to.</param>
    public static void Multiply<TStored>(byte* weights, long rowBytes, int rows, int columns, in MatrixOperand operand, int firstRow)
        where TStored : struct, IStoredFloat
    {
        if (operand.Tokens == 1 && Avx512F.IsSupported && PanelPrefetch.PrefersRowsApart)
        {
            MultiplyApart<TStored>(weights, rowBytes, rows, columns, operand, firstRow);
            return;
        }

        // One tile wide, the next rows arrive just before they are needed; several wide, the block they all pass over stays in the cache,
        // so the next block is fetched.
        bool single = TileTokens(operand.Tokens) == operand.Tokens;
        for (int block = 0; block < rows; block += BlockRows)
        {
            int end = Math.Min(block + BlockRows, rows);
            int tokens;
            for (int token = 0; token < operand.Tokens; token += tokens)
            {
                tokens = TileTokens(operand.Tokens - token);
                int tileRows = TileRows<TStored>(tokens, columns);
                int ahead = single ? tileRows : BlockRows;
                int row = block;
                for (; row <= end - tileRows; row += tileRows)
                {
                    byte* tile = weights + row * rowBytes;
                    byte* next = token == 0 && row + ahead < rows ? tile + ahead * rowBytes : tile;
                    MultiplyTile<TStored>(tile, rowBytes, tileRows, columns, operand, firstRow + row, token, tokens, next);
                }

                // The last rows of the matrix: each fills a tile of its own, so that its sums are added in the same order as everywhere.
                for (; row < end; row++)
                {
                    byte* tile = weights + row * rowBytes;
                    MultiplyTile<TStored>(tile, 0, 1, columns, operand, firstRow + row, token, tokens, tile);
                }
            }
        }
    }

    /// <summary>One token: two streams, through the first and the second half of the rows.</summary>
    private static void MultiplyApart<TStored>(
        byte* weights, long rowBytes, int rows, int columns, in MatrixOperand operand, int firstRow)
        where TStored : struct, IStoredFloat
    {
        float* x = (float*)operand.Activations, output = operand.Output + firstRow;
        int apart = (rows + 1) / 2, summed = columns & ~15;
        for (int row = 0; row < apart; row++)
        {
            // Of an odd number of rows the last has no partner but itself.
            int other = Math.Min(row + apart, rows - 1);
            byte* first = weights + row * rowBytes, second = weights + other * rowBytes;
            float firstSum, secondSum;
            if (typeof(TStored) == typeof(StoredHalf) && HalfRows.AreEmitted)
            {
                HalfRows.MultiplyApart(first, second, x, columns, &firstSum, &secondSum);
            }
            else
            {
                RowDots512.Times1Apart<TStored>(first, second, x, columns, &firstSum, &secondSum);
            }

            if (summed < columns)
            {
                AddRest<TStored>(first, 0, 1, x, summed, columns, 1, &firstSum);
                AddRest<TStored>(second, 0, 1, x, summed, columns, 1, &secondSum);
            }

            output[row] = firstSum * TStored.Scale;
            output[other] = secondSum * TStored.Scale;
        }
    }

    private static int TileTokens(int left) => Avx512F.IsSupported
        ? left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1
        : Vector128.IsHardwareAccelerated && left >= 4 ? 4 : 1;

    private static bool HasShortRows<TStored>(int columns)
        where TStored : struct, IStoredFloat => columns * TStored.Bytes <= MaxShortRowBytes;

    private static int TileRows<TStored>(int tokens, int columns)
        where TStored : struct, IStoredFloat
    {
        if (Avx512F.IsSupported)
        {
            return tokens == 8 ? 3 : tokens > 1 || HasShortRows<TStored>(columns) ? 4 : 8;
        }

        if (WidenedTiles.AreEmittedFor<TStored>())
        {
            return tokens == 4 ? WidenedTiles.Rows4 : WidenedTiles.Rows1;
        }

        return Vector128.IsHardwareAccelerated ? tokens == 4 ? 2 : 4 : 1;
    }

    private static void MultiplyTile<TStored>(
        byte* weights, long rowBytes, int rows, int columns, in MatrixOperand operand, int firstRow, int token, int tokens, byte* next)
        where TStored : struct, IStoredFloat
    {
        float* x = (float*)operand.Activations + (long)token * columns;
        float* output = operand.Output + (long)token * operand.OutputStride + firstRow;
        float* sums = stackalloc float[MaxTileRows * MaxTileTokens];
        int summed = SumVectors<TStored>(weights, rowBytes, x, columns, tokens, next, sums);
        if (summed < columns)
        {
            AddRest<TStored>(weights, rowBytes, rows, x, summed, columns, tokens, sums);
        }

        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < rows; r++)
            {
                output[r] = sums[r] * TStored.Scale;
            }

            output += operand.OutputStride;
            sums += MaxTileRows;
        }
    }

    /// <summary>Runs the widest tile there is; returns the columns it covered.</summary>
    private static int SumVectors<TStored>(byte* weights, long rowBytes, float* x, int columns, int tokens, byte* next, float* sums)
        where TStored : struct, IStoredFloat
    {
        if (Avx512F.IsSupported)
        {
            switch (tokens)
            {
                case 1 when HasShortRows<TStored>(columns):
                    RowDots512.Times1Short<TStored>(weights, rowBytes, x, columns, next, sums);
                    break;
                case 1:
                    RowDots512.Times1<TStored>(weights, rowBytes, x, columns, next, sums);
                    break;
                case 2:
                    RowDots512.Times2<TStored>(weights, rowBytes, x, columns, next, sums);
                    break;
                case 4:
                    RowDots512.Times4<TStored>(weights, rowBytes, x, columns, next, sums);
                    break;
                default:
                    RowDots512.Times8<TStored>(weights, rowBytes, x, columns, next, sums);
                    break;
            }

            return columns & ~15;
        }

        if (Avx2.IsSupported)
        {
            if (WidenedTiles.AreEmittedFor<TStored>())
            {
                WidenedTiles.Multiply<TStored>(weights, rowBytes, x, columns, tokens, next, sums);
            }
            else if (tokens == 1)
            {
                RowDots256.Times1<TStored>(weights, rowBytes, x, columns, next, sums);
            }
            else
            {
                RowDots256.Times4<TStored>(weights, rowBytes, x, columns, next, sums);
            }

            return columns & ~7;
        }

        if (Vector128.IsHardwareAccelerated)
        {
            if (tokens == 1)
            {
                RowDots128.Times1<TStored>(weights, rowBytes, x, columns, sums);
            }
            else
            {
                RowDots128.Times4<TStored>(weights, rowBytes, x, columns, sums);
            }

            return columns & ~3;
        }

        sums[0] = 0;
        return 0;
    }

    /// <summary>Adds the columns behind the last whole vector.</summary>
    private static void AddRest<TStored>(byte* weights, long rowBytes, int rows, float* x, int summed, int columns, int tokens, float* sums)
        where TStored : struct, IStoredFloat
    {
        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < rows; r++)
            {
                float sum = sums[t * MaxTileRows + r];
                for (int k = summed; k < columns; k++)
                {
                    sum += TStored.Load(weights + r * rowBytes + (long)k * TStored.Bytes) * x[(long)t * columns + k];
                }

                sums[t * MaxTileRows + r] = sum;
            }
        }
    }
}
