using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>A whole function of machine code, which may lie anywhere.</summary>
/// <param name="Code">Its instructions.</param>
/// <param name="UnwindInfo">
/// Where it keeps its caller's registers, as Windows is told of it (UNWIND_INFO in "x64 exception handling"); empty for
/// <see cref="CallConvention.SystemV"/>, under which the code moves neither the stack nor a register that it would have to give back.
/// </param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MachineFunction(byte[] Code, byte[] UnwindInfo);
