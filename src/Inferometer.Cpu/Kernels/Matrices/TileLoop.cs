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

    /// <summary>Free for what a pass writes.</summary>
    public const Gpr Free = Gpr.Rax;

    private const Gpr Rounds = Gpr.Rsi, Left = Gpr.R9;

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
                Group(before, now, isFirst: true);
                code.Sub(Left, TileShapes.MaxRows);
                code.SkipIfNegative(() =>
                {
                    Label more = code.Here();
                    Group(before, now, isFirst: false);
                    code.Sub(Left, TileShapes.MaxRows);
                    code.JumpIfNotNegative(more);
                });
                if (now is not null)
                {
                    StoreProducts(now, areas);
                }
            });
            code.Add(Left, TileShapes.MaxRows);
            code.SkipIfZero(() => Rest(before, now));
        }

        // A product takes longer than anything else here, and what is behind a store that waits for one waits as well when the processor
        // has no room left. So there are some tokens' work before, between and behind the steps of the products, which are stored when the
        // next group has begun.
        void Group(Pass? before, Pass? now, bool isFirst)
        {
            int done = 0, parts = (now?.Steps.Count ?? 0) + 1;
            FinishPart(1);
            if (now is not null)
            {
                if (!isFirst)
                {
                    StoreProducts(now, areas);
                }

                Clear(now);
                for (int i = 0; i < now.Steps.Count; i++)
                {
                    now.Steps[i]();
                    FinishPart(i + 2);
                }

                code.Add(X, TileShapes.MaxRows * activationBytes);
            }

            if (before is not null)
            {
                code.Add(Before, TileShapes.MaxRows * activationBytes);
                code.Add(Target, TileShapes.MaxRows * TileKernel.RowBytes);
            }

            code.Add(Area, areas * TileKernel.AreaBytes);

            void FinishPart(int part)
            {
                int end = part * TileShapes.MaxRows / parts;
                if (before is not null && end > done)
                {
                    before.Finish(done, end - done);
                }

                done = end;
            }
        }

        void Clear(Pass pass)
        {
            for (int i = 0; i < pass.Products; i++)
            {
                code.TileZero(TileKernel.Products(i));
            }
        }

        // To the areas of this group, or as many before them.
        void StoreProducts(Pass pass, int back)
        {
            code.Mov(Free, (uint)TileKernel.RowBytes);
            for (int i = 0; i < pass.Products; i++)
            {
                code.TileStore(new(Area, (i - back) * TileKernel.AreaBytes), Free, TileKernel.Products(i));
            }
        }

        // Fewer than 16 tokens: multiplied with those before them, which makes 16, or as tiles of fewer rows where there are no others.
        void Rest(Pass? before, Pass? now)
        {
            if (before is not null)
            {
                code.Add(Area, new Memory(Frame, TileKernel.RestAreaAt));
                TokenLoop.Write(code, Left, Left, tokens =>
                {
                    before.Finish(0, tokens);
                    code.Add(Before, tokens * activationBytes);
                    code.Add(Target, tokens * TileKernel.RowBytes);
                    code.Add(Area, tokens * TileKernel.RowBytes);
                });
                code.Sub(Area, new Memory(Frame, TileKernel.RestEndAt));
            }

            if (now is not null)
            {
                code.Sub(X, new Memory(Frame, TileKernel.RestBackAt));
                Clear(now);
                foreach (Action step in now.Steps)
                {
                    step();
                }

                StoreProducts(now, 0);
            }
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

    /// <summary>Loads the tile of activations.</summary>
    public static void LoadActivations(Assembler code, int activationBytes, int column)
    {
        code.Mov(Free, (uint)activationBytes);
        code.TileLoad(TileKernel.Activations, new(X, column), Free);
    }

    /// <summary>What a pass does.</summary>
    /// <param name="Load">
    /// Unpacks weights and loads them as tiles; what belongs to them is put beside what the pass before still needs.
    /// </param>
    /// <param name="Products">Its products of a group, at most three, each to the area of its number.</param>
    /// <param name="Steps">What multiplies, in steps that leave time between them; products are zero before.</param>
    /// <param name="Finish">Adds the pass's products to their sums: of so many tokens from one of the group's on.</param>
    /// <param name="Keep">Moves what belongs to the weights to where <paramref name="Finish"/> finds it.</param>
    /// <param name="Blocks">Blocks of activations that it goes on by.</param>
    public sealed record Pass(
        Action Load, int Products, IReadOnlyList<Action> Steps, Action<int, int> Finish, Action Keep, int Blocks);
}
