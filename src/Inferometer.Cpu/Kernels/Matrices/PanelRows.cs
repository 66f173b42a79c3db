using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Moving bytes between a row's block and the places of that row in a panel: every fourth-byte group of 64 bytes belongs to one row.
/// </summary>
internal static unsafe class PanelRows
{
    /// <summary>Rows of a panel.</summary>
    public const int Count = 16;

    /// <summary>Spreads a row's bytes, four at a time, over vectors of 64 bytes.</summary>
    /// <param name="bytes">Whole groups of four.</param>
    /// <param name="vectors">First vector.</param>
    /// <param name="row">0 to 15.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Spread(ReadOnlySpan<byte> bytes, byte* vectors, int row)
    {
        ReadOnlySpan<uint> groups = MemoryMarshal.Cast<byte, uint>(bytes);
        uint* target = (uint*)vectors + row;
        for (int i = 0; i < groups.Length; i++)
        {
            target[i * Count] = groups[i];
        }
    }

    /// <summary>Undoes <see cref="Spread"/>.</summary>
    public static void Collect(byte* vectors, int row, Span<byte> bytes)
    {
        Span<uint> groups = MemoryMarshal.Cast<byte, uint>(bytes);
        uint* source = (uint*)vectors + row;
        for (int i = 0; i < groups.Length; i++)
        {
            groups[i] = source[i * Count];
        }
    }

    /// <summary>Sets the sums of some tokens to zero.</summary>
    /// <remarks>
    /// Spans of 768 bytes and more are cleared by the C library, which took 3 % of a step of 32 sequences (glibc 2.36, Sapphire Rapids).
    /// </remarks>
    /// <param name="sums">[tokens][16].</param>
    /// <param name="tokens">Tokens.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Clear(float* sums, int tokens)
    {
        for (int t = 0; t < tokens; t++, sums += Count)
        {
            Vector512<float>.Zero.Store(sums);
        }
    }

    /// <summary>Writes what a panel gave for some tokens to its rows of the output.</summary>
    /// <param name="operand">Output.</param>
    /// <param name="sums">[tokens][16].</param>
    /// <param name="row">First row of the panel.</param>
    /// <param name="rows">Rows of the matrix; those beyond do not exist.</param>
    /// <param name="firstToken">First token.</param>
    /// <param name="tokens">Tokens.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store(in MatrixOperand operand, float* sums, int row, int rows, int firstToken, int tokens)
    {
        int count = Math.Min(Count, rows - row);
        float* target = operand.Output + (long)firstToken * operand.OutputStride + row;
        for (int t = 0; t < tokens; t++)
        {
            if (count == Count)
            {
                Vector512.Load(sums).Store(target);
            }
            else
            {
                new ReadOnlySpan<float>(sums, count).CopyTo(new Span<float>(target, count));
            }

            sums += Count;
            target += operand.OutputStride;
        }
    }
}
