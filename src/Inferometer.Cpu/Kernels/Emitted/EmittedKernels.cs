using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>
/// Whether kernels of machine code that is written at run time are used: where the processor has sums of byte products in vectors of 512
/// bits (AVX512_VNNI), for which .NET has no methods. docs/decisions.md says why, and what it costs.
/// </summary>
internal static unsafe class EmittedKernels
{
    /// <summary>The environment variable that turns them off where it is <c>0</c>.</summary>
    public const string Variable = "INFEROMETER_EMIT";

    // Leaf 7, ECX.
    private const int Avx512Vnni = 1 << 11;

    /// <summary>Whether they are used.</summary>
    public static bool IsSupported { get; } = Find();

    /// <summary>Code that can be called; null where emitted kernels are not used.</summary>
    public static void* Place(Func<byte[]> write) => IsSupported ? ExecutableCode.TryPlace(write()) : null;

    private static bool Find()
    {
        if (!OperatingSystem.IsLinux() || !X86Base.X64.IsSupported || !Avx512BW.IsSupported
            || Environment.GetEnvironmentVariable(Variable) is "0"
            || X86Base.CpuId(0, 0).Eax < 7 || (X86Base.CpuId(7, 0).Ecx & Avx512Vnni) == 0)
        {
            return false;
        }

        // A function that does nothing: whether the system lets such memory be executed.
        Assembler nothing = new();
        nothing.Return();
        return ExecutableCode.TryPlace(nothing.ToArray()) is not null;
    }
}
