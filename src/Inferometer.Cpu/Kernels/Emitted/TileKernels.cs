using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>
/// Whether emitted kernels use tiles: the processor multiplies whole tiles of bytes and of bf16 numbers (AMX; Intel's servers since
/// Sapphire Rapids), the emitted kernels of 512 bits are used at all, and the system lets this process have the tiles' 8 KiB of registers,
/// which Linux gives only to those who ask (Documentation/arch/x86/xstate.rst). Not on Windows, where it has not been tried.
/// </summary>
internal static unsafe partial class TileKernels
{
    // Leaf 7, EDX: products of bf16 numbers, tiles, products of bytes.
    private const int Bf16 = 1 << 22, Tiles = 1 << 24, Int8 = 1 << 25, All = Bf16 | Tiles | Int8;

    // The number of the call arch_prctl, ARCH_REQ_XCOMP_PERM, and of what it is to permit: XFEATURE_XTILE_DATA.
    private const int ArchPrctl = 158, RequestPermission = 0x1023, TileData = 18;

    /// <summary>Whether they do. The first question asks the system, for all threads of the process.</summary>
    public static bool IsSupported { get; } = EmittedKernels.IsSupported && OperatingSystem.IsLinux()
        && Environment.GetEnvironmentVariable(EmittedKernels.Variable) is not EmittedKernels.VectorsAlone
        && (X86Base.CpuId(7, 0).Edx & All) == All && Call(ArchPrctl, RequestPermission, TileData) == 0;

    /// <summary>Code that can be called; null where tiles are not used.</summary>
    public static void* Place(Func<Assembler> write) => IsSupported ? EmittedKernels.Place(write) : null;

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint number, nint first, nint second);
}
