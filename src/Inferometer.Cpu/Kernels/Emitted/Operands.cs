using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>
/// General registers that a function may change under <see cref="CallConvention.SystemV"/>, by their numbers. A function's first five
/// arguments are in <see cref="Rdi"/>, <see cref="Rsi"/>, <see cref="Rdx"/>, <see cref="Rcx"/> and <see cref="R8"/>, under
/// <see cref="CallConvention.Windows"/> as well, once <see cref="Assembler.ToFunction"/> has moved them there.
/// </summary>
internal enum Gpr : byte
{
    /// <summary>Free.</summary>
    Rax = 0,

    /// <summary>Fourth argument.</summary>
    Rcx = 1,

    /// <summary>Third argument.</summary>
    Rdx = 2,

    /// <summary>Second argument.</summary>
    Rsi = 6,

    /// <summary>First argument.</summary>
    Rdi = 7,

    /// <summary>Fifth argument.</summary>
    R8 = 8,

    /// <summary>Free.</summary>
    R9 = 9,

    /// <summary>Free.</summary>
    R10 = 10,

    /// <summary>Free.</summary>
    R11 = 11,
}

/// <summary>A register of 512 bits, 0 to 31.</summary>
internal readonly record struct Zmm(int Number);

/// <summary>Memory at an address and a distance in bytes.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Memory(Gpr Address, int Distance);

/// <summary>A place in code that jumps go to.</summary>
internal readonly record struct Label(int Offset);

/// <summary>A register of 256 bits, 0 to 15.</summary>
internal readonly record struct Ymm(int Number);

/// <summary>A tile, 0 to 7.</summary>
internal readonly record struct Tmm(int Number);

/// <summary>Memory at an address, some times an index, and a distance in bytes.</summary>
/// <param name="Address">Holds the address.</param>
/// <param name="Index">Holds the index.</param>
/// <param name="Scale">How often it counts: 1 or 2; 0 for no index.</param>
/// <param name="Distance">Bytes.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Indexed(Gpr Address, Gpr Index, int Scale, int Distance)
{
    /// <summary>Without an index.</summary>
    public static Indexed At(Memory memory) => new(memory.Address, default, 0, memory.Distance);
}
