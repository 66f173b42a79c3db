using System.Buffers.Binary;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Code for nibbles that are the numbers of levels.</summary>
internal static class LevelCode
{
    /// <summary>Writes what loads the levels, <paramref name="added"/> more than they are, into each quarter of a register.</summary>
    public static void Load(Assembler code, Zmm levels, Zmm free, ReadOnlySpan<sbyte> values, int added)
    {
        Span<byte> bytes = stackalloc byte[16];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = unchecked((byte)(values[i] + added));
        }

        code.Mov(Gpr.Rax, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        code.Vpbroadcastq(levels, Gpr.Rax);
        code.Mov(Gpr.Rax, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
        code.Vpbroadcastq(free, Gpr.Rax);
        code.Vpunpcklqdq(levels, levels, free);
    }

    /// <summary>Writes what turns the bytes in <paramref name="low"/> into the levels of their low and of their high nibbles.</summary>
    public static void Split(Assembler code, Zmm low, Zmm high, Zmm levels, Zmm mask)
    {
        code.Vpsrlw(high, low, 4);
        code.Vpandd(low, low, mask);
        code.Vpandd(high, high, mask);
        code.Vpshufb(low, levels, low);
        code.Vpshufb(high, levels, high);
    }
}
