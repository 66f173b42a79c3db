using System.Runtime.InteropServices;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Code for panels of blocks or groups of 32 columns: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL, IQ4_XS and MXFP4. A function takes what
/// <see cref="IPanelKernel.Multiply"/> does: panel, blocks, activations, tokens, sums.
/// </summary>
/// <remarks>
/// A block's weights stay in eight registers while its tokens pass, four at a time: chains of eight products that depend on each other
/// would otherwise wait five cycles for every link. On tiles (<see cref="TileLoop"/>) weights are made signed bytes when they are unpacked,
/// so that what is stored with the activations' sums is not needed; both give the same whole numbers.
/// </remarks>
internal static class Block32Code
{
    private const Gpr Panel = Gpr.Rdi, Blocks = Gpr.Rsi, X = Gpr.Rdx, Tokens = Gpr.Rcx, Sums = Gpr.R8;
    private const Gpr Count = Gpr.R9, Target = Gpr.R10;
    private const int SumAt = 32, ScaleAt = 36, WeightVectors = 8;

    // Blocks or groups of one pass on tiles, whose sums are read and written once. With four, of which there would be tiles, products of
    // consecutive tokens are 4 KiB apart, and loads wait for stores that they look the same as: that took a quarter longer.
    private const int PassBlocks = 2;

    // Tokens from which tiles are faster than vectors.
    private const int FewestOnTiles = 16;

    private static readonly Zmm s_sum = new(6), s_scale = new(24), s_minimum = new(25), s_free = new(26),
        s_levels = new(28), s_eighth = new(29), s_offset = new(29), s_mask = new(30), s_bit = new(31);

    /// <summary>Weights of four or five bits.</summary>
    /// <param name="panelBlockBytes">Bytes of a block of 16 rows.</param>
    /// <param name="quantsAt">Where its quants begin; scales are at 0, minima at 32.</param>
    public static Assembler Small<TFormat>(int panelBlockBytes, int quantsAt)
        where TFormat : struct, ISmallBlockFormat
    {
        Assembler code = new();
        BeginSmall<TFormat>(code);
        return Loop(code, 0, panelBlockBytes, 1, _ => LoadSmall<TFormat>(code, 0, quantsAt), SmallBlock<TFormat>());
    }

    /// <summary>The same on tiles, for formats without minima, which would take twice the conversions and multiplications.</summary>
    public static Assembler SmallOnTiles<TFormat>(int panelBlockBytes, int quantsAt)
        where TFormat : struct, ISmallBlockFormat
    {
        Assembler code = new();
        BeginSmall<TFormat>(code);
        return LoopOnTiles(
            code, 0, panelBlockBytes, PassBlocks, block => LoadSmall<TFormat>(code, block * panelBlockBytes, quantsAt),
            TFormat.HasFifthBits ? 0xF0F0F0F0 : 0xF8F8F8F8);
    }

    /// <summary>Weights of eight bits, 128 added to each.</summary>
    public static Assembler Bytes(int panelBlockBytes, int quantsAt)
    {
        Assembler code = new();
        return Loop(code, 0, panelBlockBytes, 1, _ => LoadBytes(code, 0, quantsAt), default);
    }

    /// <summary>The same on tiles.</summary>
    public static Assembler BytesOnTiles(int panelBlockBytes, int quantsAt)
    {
        Assembler code = new();
        return LoopOnTiles(
            code, 0, panelBlockBytes, PassBlocks, block => LoadBytes(code, block * panelBlockBytes, quantsAt),
            0x80808080);
    }

    /// <summary>Weights of four bits that name levels, in groups one after the other.</summary>
    /// <param name="groupBytes">Bytes of a group of 16 rows, its scales at the beginning.</param>
    public static Assembler Table<TFormat>(int groupBytes)
        where TFormat : struct, ITableFormat
    {
        // Twice 8, or 128: what the sums that are stored with the activations take off.
        Assembler code = new();
        BeginTable<TFormat>(code, TFormat.HasSmallLevels ? 16 : 128);
        return Loop(
            code, TFormat.HeadBytes, groupBytes, TFormat.Groups, group => LoadTable<TFormat>(code, group, groupBytes),
            new Block { StartTwice = TFormat.HasSmallLevels });
    }

    /// <summary>The same on tiles.</summary>
    public static Assembler TableOnTiles<TFormat>(int groupBytes)
        where TFormat : struct, ITableFormat
    {
        Assembler code = new();
        BeginTable<TFormat>(code, 0);
        return LoopOnTiles(
            code, TFormat.HeadBytes, groupBytes, Math.Max(TFormat.Groups, PassBlocks),
            group => LoadTable<TFormat>(code, group, groupBytes), 0);
    }

    /// <summary>A kernel on tiles, by the code for it.</summary>
    /// <param name="write">Writes the code.</param>
    /// <param name="groups">Groups of a block.</param>
    public static TileKernel OnTiles(Func<Assembler> write, int groups) =>
        new(write, 32, Int8Activations.BlockBytes32, Math.Max(PassBlocks / groups, 1), FewestOnTiles);

    private static Zmm Weight(int i) => new(16 + i);

    private static Block SmallBlock<TFormat>()
        where TFormat : struct, ISmallBlockFormat
        => new() { HasMinimum = TFormat.HasMinimum, StartTwice = TFormat.HasFifthBits && !TFormat.HasMinimum };

    private static void BeginSmall<TFormat>(Assembler code)
        where TFormat : struct, ISmallBlockFormat
    {
        code.Fill(s_mask, 0x0F0F0F0F);
        if (TFormat.HasFifthBits)
        {
            code.Fill(s_bit, 0x10101010);
        }
    }

    private static void LoadSmall<TFormat>(Assembler code, int blockAt, int quantsAt)
        where TFormat : struct, ISmallBlockFormat
    {
        Unpack<TFormat>(code, blockAt + quantsAt);
        code.Vcvtph2ps(s_scale, new Memory(Panel, blockAt));
        if (TFormat.HasMinimum)
        {
            code.Vcvtph2ps(s_minimum, new Memory(Panel, blockAt + 32));
            code.Vmulps(s_minimum, s_minimum, s_eighth);
        }
    }

    private static void LoadBytes(Assembler code, int blockAt, int quantsAt)
    {
        for (int i = 0; i < WeightVectors; i++)
        {
            code.Load(Weight(i), new(Panel, blockAt + quantsAt + (64 * i)));
        }

        code.Vcvtph2ps(s_scale, new Memory(Panel, blockAt));
    }

    private static void BeginTable<TFormat>(Assembler code, int added)
        where TFormat : struct, ITableFormat
    {
        LevelCode.Load(code, s_levels, s_free, TFormat.Levels, added);
        code.Fill(s_mask, 0x0F0F0F0F);
    }

    // Blocks that have no head are groups one after the other.
    private static void LoadTable<TFormat>(Assembler code, int group, int groupBytes)
        where TFormat : struct, ITableFormat
    {
        int at = TFormat.HeadBytes + (group * groupBytes);
        for (int i = 0; i < 4; i++)
        {
            code.Load(Weight(i), new(Panel, at + TFormat.ScaleBytes + (64 * i)));
            LevelCode.Split(code, Weight(i), Weight(i + 4), s_levels, s_mask);
        }

        TFormat.WriteScales(code, s_scale, s_free, new(Panel, 0), new(Panel, at));
    }

    private static void Unpack<TFormat>(Assembler code, int quantsAt)
        where TFormat : struct, ISmallBlockFormat
    {
        for (int i = 0; i < 4; i++)
        {
            code.Load(Weight(i), new(Panel, quantsAt + (64 * i)));
            code.Vpsrlw(Weight(i + 4), Weight(i), 4);
            code.Vpandd(Weight(i), Weight(i), s_mask);
            code.Vpandd(Weight(i + 4), Weight(i + 4), s_mask);
        }

        if (TFormat.HasFifthBits)
        {
            Zmm bits = new(26), one = new(27);
            code.Load(bits, new(Panel, quantsAt + 256));
            for (int i = 0; i < 8; i++)
            {
                // Bit i of every byte to bit 4; what comes over from the neighbouring byte falls to the mask.
                if (i < 4)
                {
                    code.Vpsllw(one, bits, 4 - i);
                }
                else
                {
                    code.Vpsrlw(one, bits, i - 4);
                }

                code.Vpandd(one, one, s_bit);
                code.Vpord(Weight(i), Weight(i), one);
            }
        }
    }

    // Blocks of some bytes and then groups, whose weights and scales are loaded by what load writes.
    private static Assembler Loop(Assembler code, int headBytes, int groupBytes, int groups, Action<int> load, Block block)
    {
        if (block.HasMinimum)
        {
            // -1/8: the activations' sums are there -8 times.
            code.Fill(s_eighth, BitConverter.SingleToUInt32Bits(-0.125f));
        }

        code.Mov(Count, Tokens);
        code.Sub(Count, 1);
        code.SkipIfZero(() => ForBlocks(() =>
        {
            code.Mov(Target, Sums);
            TokenLoop.Write(code, Tokens, Count, tokens => AddTokens(code, tokens, block));
        }));
        code.Mov(Count, Tokens);
        code.Sub(Count, 1);
        code.SkipIfNotZero(() =>
        {
            code.Load(s_sum, new(Sums, 0));
            ForBlocks(() => AddOne(code, block));
            code.Store(new(Sums, 0), s_sum);
        });
        return code;

        void ForBlocks(Action add)
        {
            Label next = code.Here();
            for (int group = 0; group < groups; group++)
            {
                load(group);
                PanelPrefetch.Write(code, Panel, Tokens, Count, headBytes + (group * groupBytes), groupBytes);
                add();
            }

            code.Add(Panel, headBytes + (groups * groupBytes));
            code.Sub(Blocks, 1);
            code.JumpIfNotZero(next);
        }
    }

    // The same on tiles, a pass for some of the groups; a round has as many groups as a block, or as a pass. An offset, four times a byte,
    // is added to unpacked weights.
    private static Assembler LoopOnTiles(Assembler code, int headBytes, int groupBytes, int groups, Action<int> load, uint offset)
    {
        if (offset != 0)
        {
            code.Fill(s_offset, offset);
        }

        TileLoop.Pass[] passes =
        [
            .. Enumerable.Range(0, groups / PassBlocks).Select(pass => new TileLoop.Pass(
                () => LoadTiles(pass * PassBlocks), PassBlocks, StepsOnTiles(code), (first, tokens) => AddProducts(code, first, tokens),
                () => KeepScales(code), PassBlocks)),
        ];
        TileLoop.Write(code, Int8Activations.BlockBytes32, headBytes + (groups * groupBytes), PassBlocks, passes);
        return code;

        void LoadTiles(int first)
        {
            for (int i = 0; i < PassBlocks; i++)
            {
                load(first + i);
                PanelPrefetch.Write(code, Panel, headBytes + ((first + i) * groupBytes), groupBytes);
                for (int row = 0; row < WeightVectors; row++)
                {
                    if (offset != 0)
                    {
                        code.Vpaddb(Weight(row), Weight(row), s_offset);
                    }

                    TileLoop.StoreWeights(code, (WeightVectors * i) + row, Weight(row));
                }

                code.Store(ScaleOf(i, TileKernel.NewVectorsAt), s_scale);
            }

            for (int i = 0; i < PassBlocks; i++)
            {
                TileLoop.LoadWeights(code, TileKernel.Weights(i), WeightVectors * i);
            }
        }
    }

    private static Memory ScaleOf(int block, int vectorsAt) => new(TileLoop.Frame, vectorsAt + (64 * block));

    private static void KeepScales(Assembler code)
    {
        for (int i = 0; i < PassBlocks; i++)
        {
            code.Load(s_free, ScaleOf(i, TileKernel.NewVectorsAt));
            code.Store(ScaleOf(i, TileKernel.VectorsAt), s_free);
        }
    }

    private static Action[] StepsOnTiles(Assembler code) =>
    [
        .. Enumerable.Range(0, PassBlocks).SelectMany(block => (Action[])
        [
            () =>
            {
                Memory step = new(TileLoop.Frame, TileKernel.BlockStepAt);
                for (int i = 0; i < block; i++)
                {
                    code.Add(TileLoop.X, step);
                }

                TileLoop.LoadActivations(code, Int8Activations.BlockBytes32, 0);
                for (int i = 0; i < block; i++)
                {
                    code.Sub(TileLoop.X, step);
                }
            },
            () => code.Tdpbssd(TileKernel.Products(block), TileKernel.Activations, TileKernel.Weights(block)),
        ]),
    ];

    // What AddTokens does once it has the products, for several blocks and sums that stay in registers; in the same order.
    private static void AddProducts(Assembler code, int first, int tokens)
    {
        Memory Sum(int token) => new(TileLoop.Target, 64 * (first + token));
        Zmm products = new(16), scale = new(17);
        Gpr x = TileLoop.Before;
        for (int token = 0; token < tokens; token++)
        {
            code.Load(new(token), Sum(token));
        }

        for (int i = 0; i < PassBlocks; i++)
        {
            if (i == 1)
            {
                x = TileLoop.Free;
                code.Mov(x, TileLoop.Before);
            }

            if (i > 0)
            {
                code.Add(x, new Memory(TileLoop.Frame, TileKernel.BlockStepAt));
            }

            code.Load(s_scale, ScaleOf(i, TileKernel.VectorsAt));
            for (int token = 0; token < tokens; token++)
            {
                code.Vcvtdq2ps(products, new Memory(TileLoop.Area, (i * TileKernel.AreaBytes) + (64 * (first + token))));
                code.Vmulps(scale, s_scale, new Memory(x, ((first + token) * Int8Activations.BlockBytes32) + ScaleAt));
                code.Vfmadd231ps(new(token), products, scale);
            }
        }

        for (int token = 0; token < tokens; token++)
        {
            code.Store(Sum(token), new(token));
        }
    }

    // One token's sum stays in a register, so that a block does not wait for the memory that the one before was added to; and its products
    // are two chains. The order in which numbers are rounded is that of several tokens.
    private static void AddOne(Assembler code, Block block)
    {
        Memory At(int distance) => new(X, distance);
        Zmm first = new(0), second = new(1), scale = new(4), offset = new(5);
        code.Vpxord(second, second, second);
        if (block.HasMinimum)
        {
            code.Vpxord(first, first, first);
        }
        else
        {
            code.Vpbroadcastd(first, At(SumAt));
            if (block.StartTwice)
            {
                code.Vpaddd(first, first, first);
            }
        }

        for (int i = 0; i < WeightVectors; i++)
        {
            code.Vpdpbusd(i % 2 == 0 ? first : second, Weight(i), At(4 * i));
        }

        code.Vpaddd(first, first, second);
        code.Vcvtdq2ps(first, first);
        code.Vmulps(scale, s_scale, At(ScaleAt));
        if (block.HasMinimum)
        {
            code.Vpbroadcastd(offset, At(SumAt));
            code.Vcvtdq2ps(offset, offset);
            code.Vmulps(offset, offset, At(ScaleAt));
            code.Vfmadd231ps(s_sum, offset, s_minimum);
        }

        code.Vfmadd231ps(s_sum, first, scale);
        code.Add(X, Int8Activations.BlockBytes32);
    }

    // sums[token] += (products + start) * scale, and minima times the sum of the activations.
    private static void AddTokens(Assembler code, int tokens, Block block)
    {
        Memory At(int token, int distance) => new(X, (token * Int8Activations.BlockBytes32) + distance);
        Zmm Products(int token) => new(token);
        for (int token = 0; token < tokens; token++)
        {
            if (block.HasMinimum)
            {
                code.Vpxord(Products(token), Products(token), Products(token));
            }
            else
            {
                code.Vpbroadcastd(Products(token), At(token, SumAt));
            }
        }

        for (int token = 0; block.StartTwice && token < tokens; token++)
        {
            code.Vpaddd(Products(token), Products(token), Products(token));
        }

        for (int i = 0; i < 8; i++)
        {
            for (int token = 0; token < tokens; token++)
            {
                code.Vpdpbusd(Products(token), Weight(i), At(token, 4 * i));
            }
        }

        // In the order of the kernels without such instructions, whose results are the same to the bit.
        Zmm scale = new(4), offset = new(5);
        for (int token = 0; token < tokens; token++)
        {
            Memory target = new(Target, 64 * token);
            code.Vcvtdq2ps(Products(token), Products(token));
            code.Vmulps(scale, s_scale, At(token, ScaleAt));
            if (block.HasMinimum)
            {
                code.Vpbroadcastd(offset, At(token, SumAt));
                code.Vcvtdq2ps(offset, offset);
                code.Vmulps(offset, offset, At(token, ScaleAt));
                code.Vfmadd213ps(offset, s_minimum, target);
                code.Vfmadd231ps(offset, Products(token), scale);
                code.Store(target, offset);
            }
            else
            {
                code.Vfmadd213ps(Products(token), scale, target);
                code.Store(target, Products(token));
            }
        }

        code.Add(X, tokens * Int8Activations.BlockBytes32);
        code.Add(Target, 64 * tokens);
    }

    /// <summary>What sets blocks apart.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Block
    {
        /// <summary>A stored minimum is added instead of an offset that all weights have.</summary>
        public bool HasMinimum { get; init; }

        /// <summary>Products begin at twice the sum that is stored with the activations (weights with 16 added).</summary>
        public bool StartTwice { get; init; }
    }
}
