using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Code for one block of 256 columns of Q4_K, Q5_K and Q6_K: products[token][16] = sum over groups of scale times the products of quants
/// and activations, as f32. Arguments: panel, activations, tokens, products.
/// </summary>
/// <remarks>
/// A group's products are whole numbers below 2^24 times its scale, so that only their sum is rounded. Weights of 32 columns stay in eight
/// registers while the tokens pass, four at a time.
/// <para>
/// Q4_K and Q5_K on tiles (<see cref="TileLoop"/>): the function is for several blocks, up to their sums, and does the same in the same
/// order. Only one port converts and multiplies vectors there, so that whole numbers become f32 by two additions, which are exact. Q6_K,
/// with twice the groups, was an eighth slower on tiles.
/// </para>
/// </remarks>
internal static class Block256Code
{
    private const Gpr Panel = Gpr.Rdi, X = Gpr.Rsi, Tokens = Gpr.Rdx, Products = Gpr.Rcx;
    private const Gpr Count = Gpr.R8, Target = Gpr.R9, Activations = Gpr.R10;

    // Whole numbers below 2^22 added to the bits of 1.5 * 2^23 are those of the sum, as f32.
    private const float Shift = 3 << 22;

    // Q4_K and Q5_K on tiles: columns of a group and their rows of weights, groups of a pass, and the area with what they came to.
    private const int GroupColumns = 32, GroupRows = GroupColumns / 4, PassGroups = 2, SumArea = PassGroups;

    // Tokens from which tiles are faster than vectors.
    private const int FewestOnTiles = 16;

    // Behind a pass's scales: factors of scales and of minima, and the minima of two groups each.
    private const int FactorVector = PassGroups, MinimumVector = FactorVector + 1, MinimaVector = MinimumVector + 1, MinimaVectors = 4;

    private static readonly Zmm s_scale = new(24), s_secondScale = new(25), s_high = new(26), s_ones = new(28), s_bits = new(29),
        s_mask = new(30), s_bit = new(31);

    // On tiles.
    private static readonly Zmm s_unshift = new(27), s_shift = new(28);

    /// <summary>Q4_K and Q5_K: groups of 32 columns, two of them in the nibbles of eight vectors.</summary>
    public static Assembler SixBitScales(int panelBlockBytes, int scalesAt, int fifthAt, int quantsAt)
    {
        Assembler code = Begin(0x0F0F0F0F, quantsAt > fifthAt ? 0x10101010u : 0);
        for (int group = 0; group < 8; group++)
        {
            if (group % 2 == 0)
            {
                Prefetch(code, group / 2 * (panelBlockBytes / 4), panelBlockBytes / 4);
            }

            LoadGroup(code, group, scalesAt, fifthAt, quantsAt);
            bool isFirst = group == 0;
            int first = 32 * group;
            ForTokens(code, tokens =>
            {
                for (int token = 0; token < tokens; token++)
                {
                    code.Vpxord(new(token), new(token), new(token));
                }

                Multiply(code, tokens, 0, 0, 8, first);
                Finish(code, tokens, isFirst, hasSecond: false);
            });
        }

        return code;
    }

    /// <summary>Q6_K: groups of 16 columns, four of them in a part; see <see cref="Q6_KPanel"/> for what lies where.</summary>
    public static Assembler SixBits(int scalesAt, int partsAt)
    {
        const int PartBytes = 12 * 64;
        Assembler code = Begin(0x0F0F0F0F, 0x30303030);
        code.Fill(s_ones, 0x00010001);
        for (int part = 0; part < 4; part++)
        {
            int quants = partsAt + (part * PartBytes);
            Prefetch(code, quants, PartBytes);
            int group = (part / 2 * 8) + (part % 2);
            for (int pair = 0; pair < 2; pair++)
            {
                // Runs 0 and 1 in the low nibbles, then 2 and 3 in the high ones; the upper two bits of all four in one vector.
                for (int i = 0; i < 4; i++)
                {
                    code.Load(s_high, new(Panel, quants + (192 * i) + 128));
                    for (int run = 0; run < 2; run++)
                    {
                        Zmm weight = Weight((4 * run) + i);
                        code.Load(weight, new(Panel, quants + (192 * i) + (64 * run)));
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

                    Finish(code, tokens, isFirst, hasSecond: true);
                });
            }
        }

        return code;
    }

    /// <summary>A kernel on tiles for several blocks of Q4_K or Q5_K.</summary>
    public static TileKernel OnTiles(int panelBlockBytes, int scalesAt, int minimaAt, int fifthAt, int quantsAt) => new(
        () => WriteOnTiles(panelBlockBytes, scalesAt, minimaAt, fifthAt, quantsAt), GroupColumns, Int8Activations.BlockBytes256, 1,
        FewestOnTiles);

    /// <summary>The code of <see cref="OnTiles"/>.</summary>
    public static Assembler WriteOnTiles(int panelBlockBytes, int scalesAt, int minimaAt, int fifthAt, int quantsAt)
    {
        const int Passes = 8 / PassGroups;
        Assembler code = Begin(0x0F0F0F0F, quantsAt > fifthAt ? 0x10101010u : 0);
        BeginTiles(code);
        TileLoop.Write(code, Int8Activations.BlockBytes256, panelBlockBytes, SumArea + 1,
        [
            .. Enumerable.Range(0, Passes).Select(pass => new TileLoop.Pass(
                () => Load(pass), ProductsOnTiles(code, PassGroups * pass * GroupColumns),
                (first, tokens) => AddProducts(code, first, tokens, pass == 0, pass == Passes - 1),
                () => Keep(code), pass == Passes - 1 ? 1 : 0)),
        ]);
        return code;

        void Load(int pass)
        {
            PanelPrefetch.Write(code, Panel, pass * (panelBlockBytes / Passes), panelBlockBytes / Passes);
            for (int i = 0; i < PassGroups; i++)
            {
                LoadGroup(code, (PassGroups * pass) + i, scalesAt, fifthAt, quantsAt);
                for (int row = 0; row < GroupRows; row++)
                {
                    TileLoop.StoreWeights(code, (GroupRows * i) + row, Weight(row));
                }

                code.Store(Vector(i, TileKernel.NewVectorsAt), s_scale);
            }

            for (int i = 0; i < PassGroups; i++)
            {
                TileLoop.LoadWeights(code, TileKernel.Weights(i), GroupRows * i);
            }

            if (pass < Passes - 1)
            {
                return;
            }

            code.Vcvtph2ps(s_scale, new Memory(Panel, 0));
            code.Store(Vector(FactorVector, TileKernel.NewVectorsAt), s_scale);
            code.Vcvtph2ps(s_scale, new Memory(Panel, 32));
            code.Store(Vector(MinimumVector, TileKernel.NewVectorsAt), s_scale);
            for (int pair = 0; pair < MinimaVectors; pair++)
            {
                code.Vpmovzxbd(s_scale, new(Panel, minimaAt + (32 * pair)));
                code.Vpmovzxbd(s_bits, new(Panel, minimaAt + (32 * pair) + 16));
                code.Vpslld(s_bits, s_bits, 16);
                code.Vpord(s_scale, s_scale, s_bits);
                code.Store(Vector(MinimaVector + pair, TileKernel.NewVectorsAt), s_scale);
            }
        }
    }

    private static Memory Vector(int number, int vectorsAt) => new(TileLoop.Frame, vectorsAt + (64 * number));

    private static void BeginTiles(Assembler code)
    {
        code.Fill(s_shift, BitConverter.SingleToUInt32Bits(Shift));
        code.Fill(s_unshift, BitConverter.SingleToUInt32Bits(-Shift));
    }

    private static void Keep(Assembler code)
    {
        for (int i = 0; i < MinimaVector + MinimaVectors; i++)
        {
            code.Load(s_scale, Vector(i, TileKernel.NewVectorsAt));
            code.Store(Vector(i, TileKernel.VectorsAt), s_scale);
        }
    }

    private static TileLoop.Product[] ProductsOnTiles(Assembler code, int column) =>
    [
        .. Enumerable.Range(0, PassGroups).Select(i => new TileLoop.Product(
            tiles => TileLoop.LoadActivations(
                code, tiles.Activations, Int8Activations.BlockBytes256, column + (GroupColumns * i)),
            tiles => code.Tdpbssd(tiles.Products, tiles.Activations, TileKernel.Weights(i)))),
    ];

    // Products times scales, to what the passes before came to.
    private static void AddProducts(Assembler code, int first, int tokens, bool isFirst, bool isLast)
    {
        Memory Area(int area, int token) => new(TileLoop.Area, (area * TileKernel.AreaBytes) + (64 * (first + token)));
        Zmm products = new(16);
        for (int token = 0; token < tokens && !isFirst; token++)
        {
            code.Load(new(token), Area(SumArea, token));
        }

        for (int i = 0; i < PassGroups; i++)
        {
            code.Load(s_scale, Vector(i, TileKernel.VectorsAt));
            for (int token = 0; token < tokens; token++)
            {
                code.Vpaddd(products, s_shift, Area(i, token));
                code.Vaddps(products, products, s_unshift);
                if (isFirst && i == 0)
                {
                    code.Vmulps(new(token), products, s_scale);
                }
                else
                {
                    code.Vfmadd231ps(new(token), products, s_scale);
                }
            }
        }

        if (isLast)
        {
            AddWithMinima(code, first, tokens);
            return;
        }

        for (int token = 0; token < tokens; token++)
        {
            code.Store(Area(SumArea, token), new(token));
        }
    }

    private static Memory Activation(int token, int distance) =>
        new(TileLoop.Before, (token * Int8Activations.BlockBytes256) + distance);

    // sums[token] += (factor * products - factor of minima * minima and the activations' sums) * scale of the activations.
    private static void AddWithMinima(Assembler code, int first, int tokens)
    {
        Zmm minima = new(16), scale = new(17), factor = new(18), minimum = new(19);
        Zmm[] pairs = [new(20), new(21), new(22), new(23)];
        code.Load(factor, Vector(FactorVector, TileKernel.VectorsAt));
        code.Load(minimum, Vector(MinimumVector, TileKernel.VectorsAt));
        for (int pair = 0; pair < MinimaVectors; pair++)
        {
            code.Load(pairs[pair], Vector(MinimaVector + pair, TileKernel.VectorsAt));
        }

        for (int token = 0; token < tokens; token++)
        {
            Zmm sum = new(token);
            code.Vpxord(minima, minima, minima);
            for (int pair = 0; pair < MinimaVectors; pair++)
            {
                code.Vpdpwssd(minima, pairs[pair], Activation(first + token, Int8Activations.SumOffset256 + (4 * pair)));
            }

            code.Vcvtdq2ps(minima, minima);
            code.Vmulps(minima, minima, minimum);
            code.Vmulps(sum, sum, factor);
            code.Vsubps(sum, sum, minima);
            code.Vpbroadcastd(scale, Activation(first + token, Int8Activations.ScaleOffset256));
            Memory target = new(TileLoop.Target, 64 * (first + token));
            code.Vfmadd213ps(sum, scale, target);
            code.Store(target, sum);
        }
    }

    // Weights and scales of a group of 32 columns.
    private static void LoadGroup(Assembler code, int group, int scalesAt, int fifthAt, int quantsAt)
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

        code.Vpmovzxbd(s_scale, new(Panel, scalesAt + (16 * group)));
        code.Vcvtdq2ps(s_scale, s_scale);
    }

    private static Zmm Weight(int i) => new(16 + i);

    private static Memory At(int token, int distance) => new(Activations, (token * Int8Activations.BlockBytes256) + distance);

    private static Assembler Begin(uint mask, uint bit)
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

    private static void Finish(Assembler code, int tokens, bool isFirst, bool hasSecond)
    {
        for (int token = 0; token < tokens; token++)
        {
            Zmm sum = new(token), second = new(tokens + token);
            Memory target = new(Target, 64 * token);
            code.Vcvtdq2ps(sum, sum);
            if (isFirst)
            {
                code.Vmulps(sum, sum, s_scale);
            }
            else
            {
                code.Vfmadd213ps(sum, s_scale, target);
            }

            if (hasSecond)
            {
                code.Vcvtdq2ps(second, second);
                code.Vfmadd231ps(sum, second, s_secondScale);
            }

            code.Store(target, sum);
        }
    }
}
