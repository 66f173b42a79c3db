namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>
/// The rate at which the processor multiplies and adds bytes in vectors of 512 bits, which is what emitted kernels cannot pass.
/// </summary>
internal static unsafe class ByteProductRate
{
    // As many chains as keep two units busy for the five cycles that a sum takes.
    private const int Chains = 12;

    private static readonly delegate* unmanaged<int*, nint, void> s_loop =
        (delegate* unmanaged<int*, nint, void>)EmittedKernels.Place(Write);

    /// <summary>Whether it can be measured; otherwise the kernels are others, too.</summary>
    public static bool IsSupported => s_loop is not null;

    /// <summary>Operations of a round.</summary>
    public const double OperationsPerRound = 2.0 * Chains * 64;

    /// <summary>Does so many rounds, 1 or more.</summary>
    public static void Run(int rounds)
    {
        int four = 0x01010101;
        s_loop(&four, rounds);
    }

    private static Assembler Write()
    {
        Assembler code = new();
        for (int chain = 0; chain <= Chains; chain++)
        {
            code.Vpxord(new(16 + chain), new(16 + chain), new(16 + chain));
        }

        Label round = code.Here();
        for (int chain = 0; chain < Chains; chain++)
        {
            code.Vpdpbusd(new(16 + chain), new(16 + Chains), new(Gpr.Rdi, 0));
        }

        code.Sub(Gpr.Rsi, 1);
        code.JumpIfNotZero(round);
        return code;
    }
}
