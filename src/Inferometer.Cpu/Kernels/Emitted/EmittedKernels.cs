using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>
/// Whether kernels of machine code that is written at run time are used, on Linux and Windows: where the processor has sums of byte
/// products in vectors of 512 bits (AVX512_VNNI), for which .NET has no methods; and where vectors have 256 bits, for the instruction that
/// widens f16 (F16C), for which it has none either. docs/decisions.md says why, and what it costs.
/// </summary>
internal static unsafe class EmittedKernels
{
    /// <summary>
    /// The environment variable that turns them off where it is <c>0</c>, and <see cref="TileKernels"/> alone where it is
    /// <see cref="VectorsAlone"/>.
    /// </summary>
    public const string Variable = "INFEROMETER_EMIT";

    /// <summary>The value for vectors without tiles.</summary>
    public const string VectorsAlone = "vectors";

    // Leaf 7, ECX; leaf 1, ECX.
    private const int Avx512Vnni = 1 << 11, F16c = 1 << 29;

    private static readonly bool s_areAllowed = (OperatingSystem.IsLinux() || OperatingSystem.IsWindows())
        && X86Base.X64.IsSupported && Environment.GetEnvironmentVariable(Variable) is not "0";

    /// <summary>Whether those of 512 bits are wanted here: the processor is such.</summary>
    private static readonly bool s_areWanted = s_areAllowed && Avx512BW.IsSupported
        && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & Avx512Vnni) != 0;

    /// <summary>Whether those of 256 bits are: vectors are no wider.</summary>
    private static readonly bool s_areHalvesWanted = s_areAllowed && !Avx512F.IsSupported && Avx2.IsSupported && Fma.IsSupported
        && (X86Base.CpuId(1, 0).Ecx & F16c) != 0;

    // The system lets a function that does nothing be executed.
    private static readonly bool s_canPlace =
        (s_areWanted || s_areHalvesWanted) && ExecutableCode.TryPlace(Finish(new Assembler())) is not null;

    /// <summary>Whether those of 512 bits are used: the system lets a function that does nothing be executed, too.</summary>
    public static bool IsSupported { get; } = s_areWanted && s_canPlace;

    /// <summary>Whether those of 256 bits are.</summary>
    public static bool AreHalvesSupported { get; } = s_areHalvesWanted && s_canPlace;

    /// <summary>
    /// What to tell people where the system refused memory that may be executed, so that the slower kernels are used; null elsewhere.
    /// </summary>
    public static string? Refusal => !(s_areWanted || s_areHalvesWanted) || s_canPlace
        ? null
        : $"this system did not let memory with machine code be executed (a hardened kernel or a sandbox), so slower kernels are used; "
            + $"{Variable}=0 in the environment asks for them and ends this note";

    /// <summary>Code that can be called; null where kernels of 512 bits are not used.</summary>
    public static void* Place(Func<Assembler> write) => IsSupported ? ExecutableCode.TryPlace(Finish(write())) : null;

    /// <summary>Code that can be called; null where kernels of 256 bits are not used.</summary>
    public static void* PlaceHalf(Func<Assembler> write) => AreHalvesSupported ? ExecutableCode.TryPlace(Finish(write())) : null;

    private static MachineFunction Finish(Assembler code) =>
        code.ToFunction(OperatingSystem.IsWindows() ? CallConvention.Windows : CallConvention.SystemV);
}
