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
                    StoreLast(now);
                }
            });
            code.Add(Left, TileShapes.MaxRows);
            code.SkipIfZero(() => Rest(before, now));
        }

        // A product takes longer than anything else here, and what is behind a store that waits for one waits as well when the processor
        // has no room left. So a product has some tokens' work before it, while its activations are loaded, and some behind it; products
        // are stored when all of that is done, the last one when the next group's first is on its way.
        void Group(Pass? before, Pass? now, bool isFirst)
        {
            int done = 0, parts = 2 * (now?.Products.Count ?? 1);
            for (int i = 0; i < (now?.Products.Count ?? 0); i++)
            {
                TileKernel.Tiles tiles = TileKernel.Product(i);
                code.TileZero(tiles.Products);
                now!.Products[i].Load(tiles);
                FinishPart((2 * i) + 1);
                now.Products[i].Multiply(tiles);
                FinishPart((2 * i) + 2);
                if (i == 0 && !isFirst && now.Products.Count > 1)
                {
                    StoreLast(now);
                }
            }

            FinishPart(parts);
            if (before is not null)
            {
                code.Add(Before, TileShapes.MaxRows * activationBytes);
                code.Add(Target, TileShapes.MaxRows * TileKernel.RowBytes);
            }

            if (now is not null)
            {
                code.Add(X, TileShapes.MaxRows * activationBytes);
                for (int i = 0; i < Math.Max(now.Products.Count - 1, 1); i++)
                {
                    Store(i, i);
                }
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

        // The last product of the group before; a single one is not left behind.
        void StoreLast(Pass pass)
        {
            int last = pass.Products.Count - 1;
            if (last > 0)
            {
                Store(last, last - areas);
            }
        }

        void Store(int product, int area)
        {
            code.Mov(Free, (uint)TileKernel.RowBytes);
            code.TileStore(new(Area, area * TileKernel.AreaBytes), Free, TileKernel.Product(product).Products);
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
                for (int i = 0; i < now.Products.Count; i++)
                {
                    TileKernel.Tiles tiles = TileKernel.Product(i);
                    code.TileZero(tiles.Products);
                    now.Products[i].Load(tiles);
                    now.Products[i].Multiply(tiles);
                    Store(i, i);
                }
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

    /// <summary>Loads a tile of activations.</summary>
    public static void LoadActivations(Assembler code, Tmm tile, int activationBytes, int column)
    {
        code.Mov(Free, (uint)activationBytes);
        code.TileLoad(tile, new(X, column), Free);
    }

    /// <summary>What a pass does.</summary>
    /// <param name="Load">
    /// Unpacks weights and loads them as tiles; what belongs to them is put beside what the pass before still needs.
    /// </param>
    /// <param name="Products">Its products of a group, at most three, each to the area of its number.</param>
    /// <param name="Finish">Adds the pass's products to their sums: of so many tokens from one of the group's on.</param>
    /// <param name="Keep">Moves what belongs to the weights to where <paramref name="Finish"/> finds it.</param>
    /// <param name="Blocks">Blocks of activations that it goes on by.</param>
    public sealed record Pass(Action Load, IReadOnlyList<Product> Products, Action<int, int> Finish, Action Keep, int Blocks);

    /// <summary>A product of a group.</summary>
    /// <param name="Load">Loads the group's activations, or the first of them.</param>
    /// <param name="Multiply">Adds the product to its tile, which is zero.</param>
    public sealed record Product(Action<TileKernel.Tiles> Load, Action<TileKernel.Tiles> Multiply);
}
