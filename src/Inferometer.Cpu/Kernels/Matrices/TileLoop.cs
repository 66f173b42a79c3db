using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// The loop of emitted kernels that multiply on tiles (AMX). In one pass weights of some columns are unpacked and loaded as tiles, then the
/// tokens go by in groups of 16 (and what is left), of which each product leaves an area of [16 tokens][16 rows] numbers of 32 bits. What
/// those become is the next pass's work, group by group before its own products take the areas: so that vectors and tiles have work at
/// the same time, and nothing waits for what was just written. Arguments: panel, rounds, activations, a <see cref="TileKernel"/>'s frame.
/// </summary>
internal static class TileLoop
{
    /// <summary>The panel, at what the round unpacks.</summary>
    public const Gpr Panel = Gpr.Rdi;

    /// <summary>Activations of the first of a group's tokens that are multiplied.</summary>
    public const Gpr X = Gpr.Rdx;

    /// <summary>Activations of the first token whose products are finished.</summary>
    public const Gpr Before = Gpr.R8;

    /// <summary>The memory that a kernel works in, see <see cref="TileKernel"/>.</summary>
    public const Gpr Frame = Gpr.Rcx;

    /// <summary>Sums of the first token whose products are finished.</summary>
    public const Gpr Target = Gpr.R10;

    /// <summary>Products of the same token, or where a group's are put.</summary>
    public const Gpr Area = Gpr.R11;

    private const Gpr Rounds = Gpr.Rsi, Left = Gpr.R9, Free = Gpr.Rax;

    /// <summary>Writes the loop.</summary>
    /// <param name="code">Where to.</param>
    /// <param name="activationBytes">From a token's activations to the next one's.</param>
    /// <param name="panelBytes">What a round goes on by.</param>
    /// <param name="areas">Areas of a group of 16 tokens.</param>
    /// <param name="passes">The passes of a round, one or more.</param>
    public static void Write(Assembler code, int activationBytes, int panelBytes, int areas, params Pass[] passes)
    {
        code.LoadTileShapes(new(Frame, TileKernel.ShapesAt));
        Step(null, passes[0]);
        Label next = code.Here();
        for (int i = 1; i < passes.Length; i++)
        {
            Step(passes[i - 1], passes[i]);
        }

        code.Add(Panel, panelBytes);
        code.Sub(Rounds, 1);
        code.SkipIfZero(() =>
        {
            Step(passes[^1], passes[0]);
            code.Add(Rounds, 0);
            code.JumpIfNotZero(next);
        });
        Groups(passes[^1], null);
        code.TileRelease();

        void Step(Pass? before, Pass now)
        {
            now.Load();
            Groups(before, now);
            Memory start = new(Frame, TileKernel.ActivationsAt);
            code.Mov(Before, start);
            code.Mov(X, Before);
            for (int block = 0; block < now.Blocks; block++)
            {
                code.Add(X, new Memory(Frame, TileKernel.BlockStepAt));
            }

            code.Mov(start, X);
            now.Keep();
        }

        void Groups(Pass? before, Pass? now)
        {
            code.Mov(Target, new Memory(Frame, TileKernel.SumsAt));
            code.Mov(Area, Frame);
            code.Add(Area, TileKernel.AreasAt);
            code.Mov(Left, new Memory(Frame, TileKernel.TokensAt));
            code.Sub(Left, TileShapes.MaxRows);
            code.SkipIfNegative(() =>
            {
                Label full = code.Here();
                if (before is not null)
                {
                    before.Finish(TileShapes.MaxRows);
                    code.Add(Before, TileShapes.MaxRows * activationBytes);
                    code.Add(Target, TileShapes.MaxRows * TileKernel.RowBytes);
                }

                if (now is not null)
                {
                    now.Multiply(TileKernel.Whole);
                    code.Add(X, TileShapes.MaxRows * activationBytes);
                }

                code.Add(Area, areas * TileKernel.AreaBytes);
                code.Sub(Left, TileShapes.MaxRows);
                code.JumpIfNotNegative(full);
            });
            code.Add(Left, TileShapes.MaxRows);
            code.SkipIfZero(() => Rest(before, now));
        }

        // Fewer than 16 tokens: their number is a register's, and one of the shape of their tiles.
        void Rest(Pass? before, Pass? now)
        {
            if (before is not null)
            {
                code.Mov(Free, Area);
                TokenLoop.Write(code, Left, Left, tokens =>
                {
                    before.Finish(tokens);
                    code.Add(Before, tokens * activationBytes);
                    code.Add(Target, tokens * TileKernel.RowBytes);
                    code.Add(Area, tokens * TileKernel.RowBytes);
                });
                code.Mov(Area, Free);
            }

            now?.Multiply(TileKernel.Rest);
        }
    }

    /// <summary>Writes a row of a tile's weights to where <see cref="LoadWeights"/> finds it.</summary>
    public static void StoreWeights(Assembler code, int row, Zmm weights) =>
        code.Store(new(Frame, TileKernel.WeightsAt + (TileKernel.RowBytes * row)), weights);

    /// <summary>Loads a tile of weights that begins with a row.</summary>
    public static void LoadWeights(Assembler code, Tmm tile, int row)
    {
        code.Mov(Free, (uint)TileKernel.RowBytes);
        code.TileLoad(tile, new(Frame, TileKernel.WeightsAt + (TileKernel.RowBytes * row)), Free);
    }

    /// <summary>Loads a tile of activations.</summary>
    public static void LoadActivations(Assembler code, Tmm tile, int activationBytes, int column)
    {
        code.Mov(Free, (uint)activationBytes);
        code.TileLoad(tile, new(X, column), Free);
    }

    /// <summary>Writes a tile of products to an area.</summary>
    public static void StoreProducts(Assembler code, int area, Tmm tile)
    {
        code.Mov(Free, (uint)TileKernel.RowBytes);
        code.TileStore(new(Area, area * TileKernel.AreaBytes), Free, tile);
    }

    /// <summary>What a pass does.</summary>
    /// <param name="Load">
    /// Unpacks weights and loads them as tiles; what belongs to them is put beside what the pass before still needs.
    /// </param>
    /// <param name="Multiply">Multiplies a group's activations and stores the products.</param>
    /// <param name="Finish">Adds so many tokens' products of the pass to their sums.</param>
    /// <param name="Keep">Moves what belongs to the weights to where <paramref name="Finish"/> finds it.</param>
    /// <param name="Blocks">Blocks of activations that it goes on by.</param>
    public sealed record Pass(Action Load, Action<TileKernel.Tiles> Multiply, Action<int> Finish, Action Keep, int Blocks);
}
