using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Code for panels of NVFP4, see <see cref="NVFP4Panel"/> for what lies where. The function takes what <see cref="IPanelKernel.Multiply"/>
/// does: panel, blocks, activations, tokens, sums.
/// </summary>
internal static class NVFP4Code
{
    private const Gpr Panel = Gpr.Rdi, Blocks = Gpr.Rsi, X = Gpr.Rdx, Tokens = Gpr.Rcx, Sums = Gpr.R8;
    private const Gpr Count = Gpr.R9, Target = Gpr.R10;
    private const int Groups = 4, GroupBytes = 2 * 64, StartAt = 32, ScaleAt = 40;

    // A scale's lower seven bits are those of an f16 with another bias, 2^8 too small; levels are twice the values.
    private const int ScaleShift = 7;
    private const float ScaleFactor = 128;

    private static readonly Zmm s_first = new(24), s_second = new(25), s_factor = new(26), s_lowSeven = new(27), s_levels = new(28),
        s_ones = new(29), s_mask = new(30), s_free = new(31);

    /// <param name="panelBlockBytes">Bytes of a block of 16 rows.</param>
    /// <param name="quantsAt">Where its quants begin, behind the scales.</param>
    /// <param name="added">What makes levels positive; activations begin with as much less.</param>
    public static Assembler Write(int panelBlockBytes, int quantsAt, int added)
    {
        Assembler code = new();
        LevelCode.Load(code, s_levels, s_free, FourBitLevels.Float4, added);
        code.Fill(s_mask, 0x0F0F0F0F);
        code.Fill(s_ones, 0x00010001);
        code.Fill(s_lowSeven, 0x007F007F);
        code.Fill(s_factor, BitConverter.SingleToUInt32Bits(ScaleFactor));
        Label next = code.Here();
        PanelPrefetch.Write(code, Panel, Tokens, Count, 0, panelBlockBytes);
        for (int group = 0; group < Groups; group += 2)
        {
            for (int half = 0; half < 2; half++)
            {
                for (int i = 0; i < 2; i++)
                {
                    Zmm low = Weight((4 * half) + i), high = Weight((4 * half) + 2 + i);
                    code.Load(low, new(Panel, quantsAt + ((group + half) * GroupBytes) + (64 * i)));
                    LevelCode.Split(code, low, high, s_levels, s_mask);
                }
            }

            LoadScales(code, s_first, group);
            LoadScales(code, s_second, group + 1);
            code.Mov(Target, Sums);
            TokenLoop.Write(code, Tokens, Count, tokens => AddTokens(code, tokens));
        }

        code.Add(Panel, panelBlockBytes);
        code.Sub(Blocks, 1);
        code.JumpIfNotZero(next);
        return code;
    }

    private static Zmm Weight(int i) => new(16 + i);

    // 0x7F is no number and counts as zero: lanes are multiplied by 1 where anything differs from it, otherwise by 0.
    private static void LoadScales(Assembler code, Zmm scales, int group)
    {
        code.Vpmovzxbw(scales, new(Panel, group * PanelRows.Count));
        code.Vpxord(s_free, scales, s_lowSeven);
        code.Vpminuw(s_free, s_free, s_ones);
        code.Vpandd(scales, scales, s_lowSeven);
        code.Vpmullw(scales, scales, s_free);
        code.Vpsllw(scales, scales, ScaleShift);
        code.Vcvtph2ps(scales, scales);
        code.Vmulps(scales, scales, s_factor);
    }

    // sums[token] += (first products * first scales + second products * second scales) * scale of the activations.
    private static void AddTokens(Assembler code, int tokens)
    {
        Memory At(int token, int distance) => new(X, (token * Int8Activations.BlockBytes32InHalves) + distance);
        Zmm Products(int token, int half) => new((2 * token) + half);
        for (int token = 0; token < tokens; token++)
        {
            for (int half = 0; half < 2; half++)
            {
                Zmm products = Products(token, half);
                code.Vpxord(products, products, products);
                code.Vpdpwssd(products, s_ones, At(token, StartAt + (4 * half)));
            }
        }

        for (int i = 0; i < 4; i++)
        {
            for (int token = 0; token < tokens; token++)
            {
                code.Vpdpbusd(Products(token, 0), Weight(i), At(token, 4 * i));
                code.Vpdpbusd(Products(token, 1), Weight(4 + i), At(token, 16 + (4 * i)));
            }
        }

        // In the order of the kernels without such instructions, whose results are the same to the bit.
        for (int token = 0; token < tokens; token++)
        {
            Zmm first = Products(token, 0), second = Products(token, 1);
            Memory target = new(Target, 64 * token);
            code.Vcvtdq2ps(first, first);
            code.Vcvtdq2ps(second, second);
            code.Vmulps(first, first, s_first);
            code.Vfmadd231ps(first, second, s_second);
            code.Vpbroadcastd(second, At(token, ScaleAt));
            code.Vfmadd213ps(first, second, target);
            code.Store(target, first);
        }

        code.Add(X, tokens * Int8Activations.BlockBytes32InHalves);
        code.Add(Target, 64 * tokens);
    }
}
