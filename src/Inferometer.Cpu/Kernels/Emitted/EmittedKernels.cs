using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>
/// Whether kernels of machine code that is written at run time are used: where the processor has sums of byte products in vectors of 512
/// bits (AVX512_VNNI), for which .NET has no methods, on Linux and Windows. docs/decisions.md says why, and what it costs.
/// </summary>
internal static unsafe class EmittedKernels
{
    /// <summary>The environment variable that turns them off where it is <c>0</c>.</summary>
    public const string Variable = "INFEROMETER_EMIT";

    // Leaf 7, ECX.
    private const int Avx512Vnni = 1 << 11;

    /// <summary>Whether they are wanted here: the processor and the system are such, and <see cref="Variable"/> does not say no.</summary>
    private static readonly bool s_areWanted = (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
        && X86Base.X64.IsSupported && Avx512BW.IsSupported
        && Environment.GetEnvironmentVariable(Variable) is not "0"
        && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & Avx512Vnni) != 0;

    /// <summary>Whether they are used: the system lets a function that does nothing be executed, too.</summary>
    public static bool IsSupported { get; } = s_areWanted && ExecutableCode.TryPlace(Finish(new Assembler())) is not null;

    /// <summary>
    /// What to tell people where the system refused memory that may be executed, so that the slower kernels are used; null elsewhere.
    /// </summary>
    public static string? Refusal => !s_areWanted || IsSupported
        ? null
        : $"this system did not let memory with machine code be executed (a hardened kernel or a sandbox), so slower kernels are used; "
            + $"{Variable}=0 in the environment asks for them and ends this note";

    /// <summary>Code that can be called; null where emitted kernels are not used.</summary>
    public static void* Place(Func<Assembler> write) => IsSupported ? ExecutableCode.TryPlace(Finish(write())) : null;

    private static MachineFunction Finish(Assembler code) =>
        code.ToFunction(OperatingSystem.IsWindows() ? CallConvention.Windows : CallConvention.SystemV);
}
