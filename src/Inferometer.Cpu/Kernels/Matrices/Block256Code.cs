using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Code for one block of 256 columns of Q4_K, Q5_K and Q6_K: products[token][16] = sum over groups of scale times the products of quants
/// and activations, whole numbers of 32 bits. Arguments: panel, activations, tokens, products.
/// </summary>
/// <remarks>
/// Scales are multiplied in as f32, which takes one instruction with the addition where integers take three, and as many groups are added
/// up so as stay below 2^24 whatever the numbers are: nothing is rounded. Weights of 32 columns stay in eight registers while the tokens
/// pass, four at a time. On tiles: <see cref="TwoByteTileCode"/>.
/// </remarks>
internal static class Block256Code
{
    private const Gpr Panel = Gpr.Rdi, X = Gpr.Rsi, Tokens = Gpr.Rdx, Products = Gpr.Rcx;
    private const Gpr Count = Gpr.R8, Target = Gpr.R9, Activations = Gpr.R10;

    /// <summary>Bytes of a part of Q6_K's quants.</summary>
    public const int PartBytes = 12 * 64;

    // From a token's products to its sum in f32.
    private const int PartialAt = Int8Activations.SlabTokens * 64;

    private static readonly Zmm s_scale = new(24), s_secondScale = new(25), s_high = new(26), s_ones = new(28), s_bits = new(29),
        s_mask = new(30), s_bit = new(31);

    /// <summary>
    /// Q4_K and Q5_K: groups of 32 columns, two of them in the nibbles of eight vectors. Behind the products is room for as many f32.
    /// </summary>
    public static Assembler SixBitScales(int panelBlockBytes, int scalesAt, int fifthAt, int quantsAt)
    {
        // 32 columns of 15 or 31 by 127, times 63.
        int together = quantsAt > fifthAt ? 2 : 4;
        Assembler code = Begin(0x0F0F0F0F, quantsAt > fifthAt ? 0x10101010u : 0);
        for (int group = 0; group < 8; group++)
        {
            if (group % 2 == 0)
            {
                Prefetch(code, group / 2 * (panelBlockBytes / 4), panelBlockBytes / 4);
            }

            LoadQuants(code, group, fifthAt, quantsAt);
            code.Vpmovzxbd(s_scale, new(Panel, scalesAt + (16 * group)));
            code.Vcvtdq2ps(s_scale, s_scale);
            bool begins = group % together == 0, ends = group % together == together - 1, isFirst = group < together;
            int first = 32 * group;
            ForTokens(code, tokens =>
            {
                for (int token = 0; token < tokens; token++)
                {
                    code.Vpxord(new(token), new(token), new(token));
                }

                Multiply(code, tokens, 0, 0, 8, first);
                AddGroup(code, tokens, begins, ends, isFirst);
            });
        }

        return code;
    }

    /// <summary>Q6_K: groups of 16 columns, four of them in a part; see <see cref="Q6_KPanel"/> for what lies where.</summary>
    public static Assembler SixBits(int scalesAt, int partsAt)
    {
        Assembler code = Begin(0x0F0F0F0F, 0x30303030);
        code.Fill(s_ones, 0x00010001);
        for (int part = 0; part < 4; part++)
        {
            int quants = partsAt + (part * PartBytes);
            Prefetch(code, quants, PartBytes);
            int group = (part / 2 * 8) + (part % 2);
            for (int pair = 0; pair < 2; pair++)
            {
                LoadRuns(code, quants, pair);
                int first = group + (4 * pair), second = first + 2;
                code.Vpmovsxbd(s_scale, new(Panel, scalesAt + (16 * first)));
                code.Vcvtdq2ps(s_scale, s_scale);
                code.Vpmovsxbd(s_secondScale, new(Panel, scalesAt + (16 * second)));
                code.Vcvtdq2ps(s_secondScale, s_secondScale);
                bool isFirst = part == 0 && pair == 0;
                ForTokens(code, tokens =>
                {
                    for (int run = 0; run < 2; run++)
                    {
                        int columns = 16 * (first + (2 * run));
                        for (int token = 0; token < tokens; token++)
                        {
                            // -32 times the activations' sums, of which there are two of 16 bits for each group.
                            Zmm sum = new((tokens * run) + token);
                            code.Vpxord(sum, sum, sum);
                            code.Vpdpwssd(sum, s_ones, At(token, Int8Activations.PairSumOffset256 + (columns / 4)));
                        }

                        Multiply(code, tokens, tokens * run, 4 * run, 4, columns);
                    }

                    AddGroups(code, tokens, isFirst);
                });
            }
        }

        return code;
    }

    /// <summary>The unpacked quants of a group of 32 columns of Q4_K or Q5_K, in the registers of <see cref="Weight"/>.</summary>
    public static void LoadQuants(Assembler code, int group, int fifthAt, int quantsAt)
    {
        bool hasFifthBits = quantsAt > fifthAt;
        for (int i = 0; i < 8; i++)
        {
            Zmm weight = Weight(i);
            code.Load(weight, new(Panel, quantsAt + (group / 2 * 512) + (64 * i)));
            if (group % 2 == 1)
            {
                code.Vpsrlw(weight, weight, 4);
            }

            code.Vpandd(weight, weight, s_mask);
            if (hasFifthBits)
            {
                code.Load(s_bits, new(Panel, fifthAt + (64 * i)));
                MoveBit(code, s_bits, group, 4);
                code.Vpandd(s_bits, s_bits, s_bit);
                code.Vpord(weight, weight, s_bits);
            }
        }
    }

    /// <summary>
    /// The unpacked quants of two runs of 16 columns of Q6_K, in the registers of <see cref="Weight"/>: 0 and 1 in the low nibbles, then 2
    /// and 3 in the high ones; the upper two bits of all four in one vector.
    /// </summary>
    public static void LoadRuns(Assembler code, int partAt, int pair)
    {
        for (int i = 0; i < 4; i++)
        {
            code.Load(s_high, new(Panel, partAt + (192 * i) + 128));
            for (int run = 0; run < 2; run++)
            {
                Zmm weight = Weight((4 * run) + i);
                code.Load(weight, new(Panel, partAt + (192 * i) + (64 * run)));
                if (pair == 1)
                {
                    code.Vpsrlw(weight, weight, 4);
                }

                code.Vpandd(weight, weight, s_mask);
                Zmm bits = s_bits;
                Copy(code, bits, s_high);
                MoveBit(code, bits, 2 * ((2 * pair) + run), 4);
                code.Vpandd(bits, bits, s_bit);
                code.Vpord(weight, weight, bits);
            }
        }
    }

    /// <summary>Unpacked quants, 0 to 7.</summary>
    public static Zmm Weight(int i) => new(16 + i);

    private static Memory At(int token, int distance) => new(Activations, (token * Int8Activations.BlockBytes256) + distance);

    /// <summary>Code in whose registers is what unpacks quants: masks of their low bits and of those that are added.</summary>
    public static Assembler Begin(uint mask, uint bit)
    {
        Assembler code = new();
        code.Fill(s_mask, mask);
        if (bit != 0)
        {
            code.Fill(s_bit, bit);
        }

        return code;
    }

    private static void Prefetch(Assembler code, int offset, int bytes) =>
        PanelPrefetch.Write(code, Panel, Tokens, Count, offset, bytes);

    private static void Copy(Assembler code, Zmm target, Zmm source) => code.Vpord(target, source, source);

    // What comes over from the neighbouring byte falls to the mask that follows.
    private static void MoveBit(Assembler code, Zmm bits, int from, int to)
    {
        if (from < to)
        {
            code.Vpsllw(bits, bits, to - from);
        }
        else if (from > to)
        {
            code.Vpsrlw(bits, bits, from - to);
        }
    }

    /// <summary>What <paramref name="body"/> writes for so many tokens, over all of them.</summary>
    private static void ForTokens(Assembler code, Action<int> body)
    {
        code.Mov(Activations, X);
        code.Mov(Target, Products);
        TokenLoop.Write(code, Tokens, Count, tokens =>
        {
            body(tokens);
            code.Add(Activations, tokens * Int8Activations.BlockBytes256);
            code.Add(Target, tokens * 64);
        });
    }

    private static void Multiply(Assembler code, int tokens, int firstSum, int firstWeight, int weights, int column)
    {
        for (int i = 0; i < weights; i++)
        {
            for (int token = 0; token < tokens; token++)
            {
                code.Vpdpbusd(new(firstSum + token), Weight(firstWeight + i), At(token, column + (4 * i)));
            }
        }
    }

    // Scale times products, to what the groups before came to.
    private static void AddGroup(Assembler code, int tokens, bool begins, bool ends, bool isFirst)
    {
        for (int token = 0; token < tokens; token++)
        {
            Zmm sum = new(token);
            Memory partial = new(Target, PartialAt + (64 * token));
            code.Vcvtdq2ps(sum, sum);
            if (begins)
            {
                code.Vmulps(sum, sum, s_scale);
            }
            else
            {
                code.Vfmadd213ps(sum, s_scale, partial);
            }

            if (ends)
            {
                Add(code, token, sum, isFirst);
            }
            else
            {
                code.Store(partial, sum);
            }
        }
    }

    // The same for two groups at once: 16 columns of 32 by 127 times 128 each.
    private static void AddGroups(Assembler code, int tokens, bool isFirst)
    {
        for (int token = 0; token < tokens; token++)
        {
            Zmm sum = new(token), second = new(tokens + token);
            code.Vcvtdq2ps(sum, sum);
            code.Vmulps(sum, sum, s_scale);
            code.Vcvtdq2ps(second, second);
            code.Vfmadd231ps(sum, second, s_secondScale);
            Add(code, token, sum, isFirst);
        }
    }

    private static void Add(Assembler code, int token, Zmm sum, bool isFirst)
    {
        Memory target = new(Target, 64 * token);
        code.Vcvtps2dq(sum, sum);
        if (!isFirst)
        {
            code.Vpaddd(sum, sum, target);
        }

        code.Store(target, sum);
    }
}
