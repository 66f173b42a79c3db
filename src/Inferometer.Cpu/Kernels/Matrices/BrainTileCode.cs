using System.Numerics;
using System.Runtime.InteropServices;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Code for <see cref="BrainTiles"/>: 32 rows of weights times one or two groups of 16 tokens.</summary>
/// <remarks>
/// Weights are a product's rows, as they lie in their file, and activations its columns. Sums are tiles for each half of the rows and group
/// of tokens. Of F16 there are two products more, of the weights' rests with the activations' first parts; that of both rests is left out.
/// A token's products are added up in one order, whatever tokens there are beside it.
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
    /// Sums = BF16 weights as they are stored, read once. Arguments: weights, their bytes from row to row, activations, blocks of 32
    /// columns (at least one), and <see cref="BrainTiles.Work"/>.
    /// </summary>
    /// <param name="groups">Groups of tokens.</param>
    /// <remarks>Tiles read as fast as anything; asking for the rows that come next slows them down.</remarks>
    public static Assembler Stream(int groups)
    {
        const Gpr Weights = Gpr.Rdi, RowBytes = Gpr.Rsi, X = Gpr.Rdx, Blocks = Gpr.Rcx, Work = Gpr.R8;
        const Gpr Lower = Gpr.R9, OtherX = Gpr.R10, Line = Gpr.R11, Sum = Gpr.Rax;
        Assembler code = new();
        ZeroSums(code, groups);
        code.Mov(Line, (uint)LineBytes);
        code.Mov(OtherX, new Memory(Work, BrainTiles.OtherActivationsAt));
        code.Mov(Lower, RowBytes);
        code.Shl(Lower, BitOperations.Log2(TileShapes.MaxRows));
        code.Add(Lower, Weights);
        Label next = code.Here();
        Write(Products(code, groups, new(Weights, Lower, RowBytes), X, OtherX, Line, isSplit: false));
        code.Add(Weights, LineBytes);
        code.Add(Lower, LineBytes);
        NextBlock(code, groups, X, OtherX, Blocks);
        code.JumpIfNotZero(next);
        code.Mov(Sum, new Memory(Work, BrainTiles.SumsAt));
        StoreSums(code, groups, Sum, 0, Line);
        return code;
    }

    /// <summary>
    /// The same of F16, which is split on the way. The sums are not at the address in <see cref="BrainTiles.Work"/> but behind the two
    /// blocks of split weights.
    /// </summary>
    /// <remarks>
    /// A block is split while the one before is multiplied, a product after every few rows: products that came together would keep what
    /// follows them from being begun.
    /// </remarks>
    public static Assembler StreamSplit(int groups)
    {
        const Gpr Weights = Gpr.Rdi, RowBytes = Gpr.Rsi, X = Gpr.Rdx, Blocks = Gpr.Rcx, Work = Gpr.R8, Row = Gpr.Rax;
        const Gpr Written = Gpr.R9, OtherX = Gpr.R10, Line = Gpr.R11, Read = Work;
        Assembler code = new();
        ZeroSums(code, groups);
        code.Fill(s_mask, 0xFFFF0000);
        code.Mov(Line, (uint)LineBytes);
        code.Mov(OtherX, new Memory(Work, BrainTiles.OtherActivationsAt));
        code.Mov(Written, new Memory(Work, BrainTiles.PanelAt));
        code.Mov(Read, Written);
        SplitRows([]);
        Action[] products = Products(code, groups, new(Read, Read, Line) { LowerAt = TileBytes }, X, OtherX, Line, isSplit: true);
        code.Sub(Blocks, 1);
        code.SkipIfZero(() =>
        {
            Label next = code.Here();
            code.Xor(Written, BrainTiles.SplitBlockBytes);
            SplitRows(products);
            code.Mov(Read, Written);
            NextBlock(code, groups, X, OtherX, Blocks);
            code.JumpIfNotZero(next);
        });
        Write(products);
        code.Or(Written, BrainTiles.SplitBlockBytes);
        StoreSums(code, groups, Written, BrainTiles.SplitBlockBytes, Line);
        return code;

        void SplitRows(Action[] between)
        {
            code.Mov(Row, Weights);
            for (int row = 0; row < Rows; row++)
            {
                Split(code, Row, new(Written, row * LineBytes));
                code.Add(Row, RowBytes);
                Write(between[(row * between.Length / Rows)..((row + 1) * between.Length / Rows)]);
            }

            code.Add(Weights, LineBytes);
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
        for (int sum = 0; sum < 2 * groups; sum++)
        {
            code.TileLoad(new(sum), new(Sum, sum * TileBytes), Line);
        }

        Label next = code.Here();
        Write(Products(code, groups, new(Weights, Weights, Line) { LowerAt = TileBytes }, X, OtherX, Line, areSplit));
        code.Add(Weights, areSplit ? BrainTiles.SplitBlockBytes : BrainTiles.BlockBytes);
        NextBlock(code, groups, X, OtherX, Blocks);
        code.JumpIfNotZero(next);
        StoreSums(code, groups, Sum, 0, Line);
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
            Split(code, From, new(To, 0));
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
    private static void Split(Assembler code, Gpr from, Memory to)
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
        code.Store(to, upperA);
        code.Store(to with { Distance = to.Distance + BrainTiles.BlockBytes }, a);
    }

    /// <summary>
    /// The products of a block, each with the loads that it is the first to need: of weights, or what they are rounded to, with both parts
    /// of the activations, and of what is left of split weights with the first.
    /// </summary>
    private static Action[] Products(Assembler code, int groups, Stored weights, Gpr x, Gpr otherX, Gpr line, bool isSplit)
    {
        List<Action> products = [];
        for (int part = 0; part < (isSplit ? 2 : 1); part++)
        {
            int at = part * BrainTiles.BlockBytes;
            Action upper = () => code.TileLoad(s_upper, new(weights.Upper, at), weights.RowBytes);
            Action lower = () => code.TileLoad(s_lower, new(weights.Lower, at + weights.LowerAt), weights.RowBytes);
            for (int xPart = 0; xPart < 2 - part; xPart++)
            {
                Add(groups == 2 || xPart == 0 ? s_x : s_otherX, new(x, xPart * TileBytes), 0);
                if (groups == 2)
                {
                    Add(s_otherX, new(otherX, xPart * TileBytes), 2);
                }
            }

            void Add(Tmm tokens, Memory source, int sum)
            {
                Action needsUpper = upper, needsLower = lower;
                upper = lower = () => { };
                products.Add(() =>
                {
                    needsUpper();
                    code.TileLoad(tokens, source, line);
                    code.Tdpbf16ps(new(sum), s_upper, tokens);
                });
                products.Add(() =>
                {
                    needsLower();
                    code.Tdpbf16ps(new(sum + 1), s_lower, tokens);
                });
            }
        }

        return [.. products];
    }

    private static void Write(Action[] products)
    {
        foreach (Action product in products)
        {
            product();
        }
    }

    private static void NextBlock(Assembler code, int groups, Gpr x, Gpr otherX, Gpr blocks)
    {
        code.Add(x, BrainActivations.BlockBytes);
        if (groups == 2)
        {
            code.Add(otherX, BrainActivations.BlockBytes);
        }

        code.Sub(blocks, 1);
    }

    private static void ZeroSums(Assembler code, int groups)
    {
        for (int sum = 0; sum < 2 * groups; sum++)
        {
            code.TileZero(new(sum));
        }
    }

    private static void StoreSums(Assembler code, int groups, Gpr address, int distance, Gpr line)
    {
        for (int sum = 0; sum < 2 * groups; sum++)
        {
            code.TileStore(new(address, distance + (sum * TileBytes)), line, new(sum));
        }
    }

    // Where the tiles of the upper and the lower 16 rows are.
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Stored(Gpr Upper, Gpr Lower, Gpr RowBytes)
    {
        public int LowerAt { get; init; }
    }
}
