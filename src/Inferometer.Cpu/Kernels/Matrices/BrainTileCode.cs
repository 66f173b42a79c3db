using System.Numerics;
using System.Runtime.InteropServices;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Code for <see cref="BrainTiles"/>: 32 rows of weights times one or two groups of 16 tokens.</summary>
/// <remarks>
/// Weights are a product's rows, as they lie in their file, and activations its columns. Four tiles are sums, so that the one that a product
/// adds to is not waited for: of two halves of the rows and two groups of tokens, or, for one group, of the activations' two parts. Of F16
/// there are two products more, of the weights' rests with the activations' first parts; that of both rests is left out.
/// </remarks>
internal static class BrainTileCode
{
    private const int Rows = BrainTiles.Rows, Sums = BrainTiles.Sums, TileBytes = BrainActivations.PartBytes,
        LineBytes = TileShapes.MaxRowBytes;

    private static readonly Tmm s_upper = new(Sums), s_lower = new(Sums + 1), s_x = new(Sums + 2), s_otherX = new(Sums + 3);
    private static readonly Zmm s_mask = new(31);

    /// <summary>Sets the shapes of all tiles. Argument: <see cref="TileShapes"/>.</summary>
    public static Assembler Begin()
    {
        Assembler code = new();
        code.LoadTileShapes(new(Gpr.Rdi, 0));
        return code;
    }

    /// <summary>Gives the tiles up.</summary>
    public static Assembler End()
    {
        Assembler code = new();
        code.TileRelease();
        return code;
    }

    /// <summary>
    /// Sums = weights as they are stored, read once. Arguments: weights, their bytes from row to row, activations, blocks of 32 columns (at
    /// least one), and <see cref="BrainTiles.Work"/>.
    /// </summary>
    /// <param name="groups">Groups of tokens.</param>
    /// <param name="splits">Weights are F16, and split on the way: a block while the one before is multiplied.</param>
    public static Assembler Stream(int groups, bool splits)
    {
        const Gpr Weights = Gpr.Rdi, RowBytes = Gpr.Rsi, X = Gpr.Rdx, Blocks = Gpr.Rcx, Work = Gpr.R8;
        const Gpr Second = Gpr.R9, OtherX = Gpr.R10, Line = Gpr.R11, Row = Gpr.Rax;
        Assembler code = new();
        for (int sum = 0; sum < Sums; sum++)
        {
            code.TileZero(new(sum));
        }

        code.Mov(OtherX, new Memory(Work, BrainTiles.OtherActivationsAt));
        if (!splits)
        {
            code.Mov(Second, RowBytes);
            code.Shl(Second, BitOperations.Log2(TileShapes.MaxRows));
            code.Add(Second, Weights);
            Label next = code.Here();
            ForRows(() => { });
            Stored stored = new(Weights, Second, RowBytes);
            Multiply(code, groups, stored, X, OtherX, Line, 0);
            code.Add(Second, LineBytes);
            Step();
            code.JumpIfNotZero(next);
        }
        else
        {
            code.Fill(s_mask, 0xFFFF0000);
            code.Mov(Second, new Memory(Work, BrainTiles.PanelAt));
            SplitRows();
            code.Sub(Blocks, 1);
            code.SkipIfZero(() =>
            {
                Label next = code.Here();
                code.Xor(Second, BrainTiles.SplitBlockBytes);
                SplitRows();
                code.Xor(Second, BrainTiles.SplitBlockBytes);
                MultiplySplit(code, groups, Second, X, OtherX, Line);
                code.Xor(Second, BrainTiles.SplitBlockBytes);
                Step();
                code.JumpIfNotZero(next);
            });
            MultiplySplit(code, groups, Second, X, OtherX, Line);
        }

        code.Mov(Row, new Memory(Work, BrainTiles.SumsAt));
        StoreSums(code, Row, Line);
        return code;

        void Step()
        {
            if (!splits)
            {
                code.Add(Weights, LineBytes);
            }

            code.Add(X, BrainActivations.BlockBytes);
            if (groups == 2)
            {
                code.Add(OtherX, BrainActivations.BlockBytes);
            }

            code.Sub(Blocks, 1);
        }

        void SplitRows()
        {
            ForRows(() =>
            {
                Split(code, Row, Second);
                code.Add(Second, LineBytes);
            });
            code.Sub(Second, Rows * LineBytes);
            code.Add(Weights, LineBytes);
        }

        // Asks for the same columns of the rows that come next: a line of each of so many rows is nothing that a processor foresees.
        void ForRows(Action body)
        {
            Gpr ahead = Line;
            code.Mov(Row, Weights);
            code.Mov(ahead, RowBytes);
            code.Shl(ahead, BitOperations.Log2(Rows));
            code.Add(ahead, Weights);
            for (int row = 0; row < Rows; row++)
            {
                body();
                code.Prefetcht1(new Memory(ahead, 0));
                code.Add(ahead, RowBytes);
                code.Add(Row, RowBytes);
            }

            code.Mov(Line, (uint)LineBytes);
        }
    }

    /// <summary>
    /// Sums += arranged weights. Arguments: weights, nothing, activations, blocks of 32 columns (at least one), and
    /// <see cref="BrainTiles.Work"/>.
    /// </summary>
    /// <param name="groups">Groups of tokens.</param>
    /// <param name="areSplit">Weights are F16.</param>
    public static Assembler Multiply(int groups, bool areSplit)
    {
        const Gpr Weights = Gpr.Rdi, X = Gpr.Rdx, Blocks = Gpr.Rcx, Work = Gpr.R8, OtherX = Gpr.R10, Line = Gpr.R11, Sum = Gpr.Rax;
        Assembler code = new();
        code.Mov(Line, (uint)LineBytes);
        code.Mov(OtherX, new Memory(Work, BrainTiles.OtherActivationsAt));
        code.Mov(Sum, new Memory(Work, BrainTiles.SumsAt));
        for (int sum = 0; sum < Sums; sum++)
        {
            code.TileLoad(new(sum), new(Sum, sum * TileBytes), Line);
        }

        Label next = code.Here();
        if (areSplit)
        {
            MultiplySplit(code, groups, Weights, X, OtherX, Line);
        }
        else
        {
            Multiply(code, groups, new(Weights, Weights, Line) { LowerAt = TileBytes }, X, OtherX, Line, 0);
        }

        code.Add(Weights, areSplit ? BrainTiles.SplitBlockBytes : BrainTiles.BlockBytes);
        code.Add(X, BrainActivations.BlockBytes);
        if (groups == 2)
        {
            code.Add(OtherX, BrainActivations.BlockBytes);
        }

        code.Sub(Blocks, 1);
        code.JumpIfNotZero(next);
        StoreSums(code, Sum, Line);
        return code;
    }

    /// <summary>
    /// Arranges weights as tiles. Arguments: weights of 32 rows, their bytes from row to row, where tiles go, and blocks of 32 columns (at
    /// least one).
    /// </summary>
    /// <param name="splits">They are F16.</param>
    public static Assembler Arrange(bool splits)
    {
        const Gpr Weights = Gpr.Rdi, RowBytes = Gpr.Rsi, Panel = Gpr.Rdx, Blocks = Gpr.Rcx;
        const Gpr Row = Gpr.R9, From = Gpr.R10, To = Gpr.R11, Count = Gpr.Rax;
        Assembler code = new();
        code.Fill(s_mask, 0xFFFF0000);
        code.Mov(Row, (uint)Rows);
        Label nextRow = code.Here();
        code.Mov(From, Weights);
        code.Mov(To, Panel);
        code.Mov(Count, Blocks);
        Label nextBlock = code.Here();
        if (splits)
        {
            Split(code, From, To);
        }
        else
        {
            code.Load(new(16), new(From, 0));
            code.Store(new(To, 0), new(16));
        }

        code.Add(From, LineBytes);
        code.Add(To, splits ? BrainTiles.SplitBlockBytes : BrainTiles.BlockBytes);
        code.Sub(Count, 1);
        code.JumpIfNotZero(nextBlock);
        code.Add(Weights, RowBytes);
        code.Add(Panel, LineBytes);
        code.Sub(Row, 1);
        code.JumpIfNotZero(nextRow);
        return code;
    }

    // 32 numbers of a row, column i in a pair with column 16 + i: their upper eight bits, and the three that are left.
    private static void Split(Assembler code, Gpr from, Gpr to)
    {
        Zmm a = new(16), b = new(17), upperA = new(18), upperB = new(19);
        code.Vcvtph2ps(a, new Memory(from, 0));
        code.Vcvtph2ps(b, new Memory(from, LineBytes / 2));
        code.Vpandd(upperA, a, s_mask);
        code.Vpandd(upperB, b, s_mask);
        code.Vsubps(a, a, upperA);
        code.Vsubps(b, b, upperB);
        code.Vpsrld(upperA, upperA, 16);
        code.Vpsrld(a, a, 16);
        code.Vpord(upperA, upperA, upperB);
        code.Vpord(a, a, b);
        code.Store(new(to, 0), upperA);
        code.Store(new(to, BrainTiles.BlockBytes), a);
    }

    private static void MultiplySplit(Assembler code, int groups, Gpr weights, Gpr x, Gpr otherX, Gpr line)
    {
        for (int part = 0; part < 2; part++)
        {
            Multiply(code, groups, new(weights, weights, line) { LowerAt = TileBytes }, x, otherX, line, part);
        }
    }

    // Part 0: weights, or what they are rounded to, times both parts of the activations; part 1: what is left of the weights.
    private static void Multiply(Assembler code, int groups, Stored weights, Gpr x, Gpr otherX, Gpr line, int part)
    {
        int at = part * BrainTiles.BlockBytes;
        code.TileLoad(s_upper, new(weights.Upper, at), weights.RowBytes);
        code.TileLoad(s_lower, new(weights.Lower, at + weights.LowerAt), weights.RowBytes);
        for (int xPart = 0; xPart < 2 - part; xPart++)
        {
            Add(groups == 2 || xPart == 0 ? s_x : s_otherX, new(x, xPart * TileBytes), groups == 2 ? 0 : 2 * xPart);
            if (groups == 2)
            {
                Add(s_otherX, new(otherX, xPart * TileBytes), 2);
            }
        }

        void Add(Tmm tokens, Memory source, int sum)
        {
            code.TileLoad(tokens, source, line);
            code.Tdpbf16ps(new(sum), s_upper, tokens);
            code.Tdpbf16ps(new(sum + 1), s_lower, tokens);
        }
    }

    private static void StoreSums(Assembler code, Gpr address, Gpr line)
    {
        for (int sum = 0; sum < Sums; sum++)
        {
            code.TileStore(new(address, sum * TileBytes), line, new(sum));
        }
    }

    // Where the tiles of the upper and the lower 16 rows are.
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Stored(Gpr Upper, Gpr Lower, Gpr RowBytes)
    {
        public int LowerAt { get; init; }
    }
}
