using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Code for panels of blocks or groups of 32 columns: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL, IQ4_XS and MXFP4. A function takes what
/// <see cref="IPanelKernel.Multiply"/> does: panel, blocks, activations, tokens, sums.
/// </summary>
/// <remarks>
/// A block's weights stay in eight registers while its tokens pass, four at a time: chains of eight products that depend on each other
/// would otherwise wait five cycles for every link.
/// </remarks>
internal static class Block32Code
{
    private const Gpr Panel = Gpr.Rdi, Blocks = Gpr.Rsi, X = Gpr.Rdx, Tokens = Gpr.Rcx, Sums = Gpr.R8;
    private const Gpr Count = Gpr.R9, Target = Gpr.R10;
    private const int SumAt = 32, ScaleAt = 36;

    private static readonly Zmm s_scale = new(24), s_minimum = new(25), s_free = new(26),
        s_levels = new(28), s_eighth = new(29), s_mask = new(30), s_bit = new(31);

    /// <summary>Weights of four or five bits.</summary>
    /// <param name="panelBlockBytes">Bytes of a block of 16 rows.</param>
    /// <param name="quantsAt">Where its quants begin; scales are at 0, minima at 32.</param>
    public static Assembler Small<TFormat>(int panelBlockBytes, int quantsAt)
        where TFormat : struct, ISmallBlockFormat
    {
        Assembler code = new();
        code.Fill(s_mask, 0x0F0F0F0F);
        if (TFormat.HasFifthBits)
        {
            code.Fill(s_bit, 0x10101010);
        }

        return Loop(code, 0, panelBlockBytes, 1, group =>
        {
            Unpack<TFormat>(code, quantsAt);
            code.Vcvtph2ps(s_scale, new Memory(Panel, 0));
            if (TFormat.HasMinimum)
            {
                code.Vcvtph2ps(s_minimum, new Memory(Panel, 32));
                code.Vmulps(s_minimum, s_minimum, s_eighth);
            }
        }, new Block(TFormat.HasMinimum, StartTwice: TFormat.HasFifthBits && !TFormat.HasMinimum));
    }

    /// <summary>Weights of eight bits, 128 added to each.</summary>
    public static Assembler Bytes(int panelBlockBytes, int quantsAt)
    {
        Assembler code = new();
        return Loop(code, 0, panelBlockBytes, 1, group =>
        {
            for (int i = 0; i < 8; i++)
            {
                code.Load(Weight(i), new(Panel, quantsAt + (64 * i)));
            }

            code.Vcvtph2ps(s_scale, new Memory(Panel, 0));
        }, new Block(HasMinimum: false, StartTwice: false));
    }

    /// <summary>Weights of four bits that name levels, in groups one after the other.</summary>
    /// <param name="groupBytes">Bytes of a group of 16 rows, its scales at the beginning.</param>
    public static Assembler Table<TFormat>(int groupBytes)
        where TFormat : struct, ITableFormat
    {
        // Twice 8, or 128: what the sums that are stored with the activations take off.
        int added = TFormat.HasSmallLevels ? 16 : 128;
        Assembler code = new();
        LevelCode.Load(code, s_levels, s_free, TFormat.Levels, added);
        code.Fill(s_mask, 0x0F0F0F0F);
        return Loop(code, TFormat.HeadBytes, groupBytes, TFormat.Groups, group =>
        {
            int at = TFormat.HeadBytes + (group * groupBytes);
            for (int i = 0; i < 4; i++)
            {
                code.Load(Weight(i), new(Panel, at + TFormat.ScaleBytes + (64 * i)));
                LevelCode.Split(code, Weight(i), Weight(i + 4), s_levels, s_mask);
            }

            TFormat.WriteScales(code, s_scale, s_free, new(Panel, 0), new(Panel, at));
        }, new Block(HasMinimum: false, StartTwice: TFormat.HasSmallLevels));
    }

    private static Zmm Weight(int i) => new(16 + i);

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

        Label next = code.Here();
        for (int group = 0; group < groups; group++)
        {
            load(group);
            PanelPrefetch.Write(code, Panel, Tokens, Count, headBytes + (group * groupBytes), groupBytes);
            code.Mov(Target, Sums);
            TokenLoop.Write(code, Tokens, Count, tokens => AddTokens(code, tokens, block));
        }

        code.Add(Panel, headBytes + (groups * groupBytes));
        code.Sub(Blocks, 1);
        code.JumpIfNotZero(next);
        return code;
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
    /// <param name="HasMinimum">A stored minimum is added instead of an offset that all weights have.</param>
    /// <param name="StartTwice">Products begin at twice the sum that is stored with the activations (weights with 16 added).</param>
    private readonly record struct Block(bool HasMinimum, bool StartTwice);
}
