using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Two-byte values (f16 scales) that lie side by side for the 16 rows of a panel.</summary>
internal static unsafe class PanelHeader
{
    /// <summary>Copies the first two bytes of <paramref name="block"/> to a row's place.</summary>
    public static void Write(ReadOnlySpan<byte> block, byte* header, int row)
    {
        ((ushort*)header)[row] = MemoryMarshal.Read<ushort>(block);
    }

    /// <summary>Copies a row's value to the first two bytes of <paramref name="block"/>.</summary>
    public static void Read(byte* header, int row, Span<byte> block)
    {
        MemoryMarshal.Write(block, ((ushort*)header)[row]);
    }
}
