using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Expands a piece of up to 48 rows to f32 with rows side by side, [column][48], ready for <see cref="FloatTile"/>.</summary>
internal static unsafe class PanelExpansion
{
    /// <summary>Columns of a piece: whole blocks of every format, and a panel of 48 KiB that stays in the second-level cache.</summary>
    public const int Depth = 256;

    /// <summary>Bytes of the panel and of sixteen decoded rows behind it.</summary>
    public const int ScratchBytes = (FloatTile.PanelRows + GroupRows) * Depth * sizeof(float);

    private const int GroupRows = 16;

    /// <summary>Expands <paramref name="rows"/> rows. Places of rows that do not exist hold anything.</summary>
    /// <param name="type">Stored format.</param>
    /// <param name="source">First byte of the first row.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="rows">1 to 48.</param>
    /// <param name="column">First column, on a block boundary.</param>
    /// <param name="depth">Columns, whole blocks, at most <see cref="Depth"/>.</param>
    /// <param name="panel">Scratch of <see cref="ScratchBytes"/>; the panel lies at its start.</param>
    public static void Expand(GgmlType type, byte* source, long rowBytes, int rows, int column, int depth, float* panel)
    {
        byte* start = source + type.ByteCount(column);
        for (int group = 0; group < rows; group += GroupRows)
        {
            int count = Math.Min(GroupRows, rows - group);
            byte* first = start + group * rowBytes;
            switch (type)
            {
                case GgmlType.F32:
                    Transpose<StoredFloat32>(first, rowBytes, count, depth, panel + group);
                    break;
                case GgmlType.F16:
                    Transpose<StoredHalf>(first, rowBytes, count, depth, panel + group);
                    break;
                case GgmlType.BF16:
                    Transpose<StoredBrain>(first, rowBytes, count, depth, panel + group);
                    break;
                default:
                    ExpandDecoded(type, first, rowBytes, count, depth, panel + group, panel + FloatTile.PanelRows * Depth);
                    break;
            }
        }
    }

    private static void ExpandDecoded(GgmlType type, byte* source, long rowBytes, int rows, int depth, float* target, float* decoded)
    {
        for (int i = 0; i < rows; i++)
        {
            RowDecoder.Decode(type, source + i * rowBytes, depth, new Span<float>(decoded + i * depth, depth));
        }

        Transpose<StoredFloat32>((byte*)decoded, (long)depth * sizeof(float), rows, depth, target);
    }

    /// <summary>Up to sixteen rows of <paramref name="depth"/> columns to [depth][48]; the last row stands in for missing ones.</summary>
    private static void Transpose<TStored>(byte* source, long rowBytes, int rows, int depth, float* target)
        where TStored : struct, IStoredFloat
    {
        byte** row = stackalloc byte*[GroupRows];
        for (int i = 0; i < GroupRows; i++)
        {
            row[i] = source + Math.Min(i, rows - 1) * rowBytes;
        }

        int k = 0;
        if (Avx512F.IsSupported)
        {
            k = depth & ~15;
            Transposition.Rows16<TStored>(row, k, target, FloatTile.PanelRows);
        }
        else if (Avx2.IsSupported)
        {
            k = depth & ~7;
            Transposition.Rows8<TStored>(row, k, target, FloatTile.PanelRows);
            Transposition.Rows8<TStored>(row + 8, k, target + 8, FloatTile.PanelRows);
        }
        else if (Transposition.HasRows4)
        {
            k = depth & ~3;
            for (int i = 0; i < GroupRows; i += 4)
            {
                Transposition.Rows4<TStored>(row + i, k, target + i, FloatTile.PanelRows);
            }
        }

        for (; k < depth; k++)
        {
            for (int i = 0; i < GroupRows; i++)
            {
                target[k * FloatTile.PanelRows + i] = TStored.Load(row[i] + k * TStored.Bytes);
            }
        }
    }
}
