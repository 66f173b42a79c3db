namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>
/// The rate at which the processor multiplies and adds bytes, in tiles where there are some, or in vectors of 512 bits: what emitted
/// kernels cannot pass. Products of 16 bits have half of it.
/// </summary>
internal static unsafe class ByteProductRate
{
    // As many chains as keep two units busy for the five cycles that a sum takes. A sum of tiles takes 52, and one begins every 16.
    private const int Chains = 12, TileChains = 4;

    // Six cycles and 64.
    private const int RoundsPerTileRound = 10;

    private static readonly delegate* unmanaged<int*, nint, void> s_loop =
        (delegate* unmanaged<int*, nint, void>)EmittedKernels.Place(Write);

    private static readonly delegate* unmanaged<TileShapes*, nint, void> s_tiles =
        (delegate* unmanaged<TileShapes*, nint, void>)TileKernels.Place(WriteTiles);

    /// <summary>Whether it can be measured; otherwise the kernels are others, too.</summary>
    public static bool IsSupported => s_loop is not null;

    /// <summary>Operations of so many rounds.</summary>
    public static double Operations(int rounds) => s_tiles is not null
        ? 2.0 * TileRounds(rounds) * TileChains * TileShapes.MaxRows * TileShapes.MaxRows * TileShapes.MaxRowBytes
        : 2.0 * rounds * Chains * 64;

    /// <summary>Does so many rounds, 1 or more.</summary>
    public static void Run(int rounds)
    {
        if (s_tiles is not null)
        {
            TileShapes shapes = TileShapes.Whole;
            s_tiles(&shapes, TileRounds(rounds));
            return;
        }

        int four = 0x01010101;
        s_loop(&four, rounds);
    }

    private static int TileRounds(int rounds) => (rounds + RoundsPerTileRound - 1) / RoundsPerTileRound;

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

    private static Assembler WriteTiles()
    {
        Assembler code = new();
        code.LoadTileShapes(new(Gpr.Rdi, 0));
        Label round = code.Here();
        for (int chain = 0; chain < TileChains; chain++)
        {
            code.Tdpbssd(new(chain), new(TileChains), new(TileChains + 1));
        }

        code.Sub(Gpr.Rsi, 1);
        code.JumpIfNotZero(round);
        code.TileRelease();
        return code;
    }
}
