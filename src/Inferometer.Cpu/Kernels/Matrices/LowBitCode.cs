using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Code for one block of 256 columns of Q2_K and Q3_K, see <see cref="LowBitPanel{TFormat}"/> for what lies where. Arguments: panel,
/// activations, tokens, scratch of [token][16] numbers of 32 bits, sums.
/// </summary>
/// <remarks>
/// Quants are so few bits wide that their products with their group's scale fit a byte without a sign: 3 * 15, and 7 * 32 where the scale's
/// sign is left to the quants. So the scale is multiplied in once for all tokens, and a token's 256 columns are one chain of sums. Where a
/// scale of Q3_K is negative, quants count down from 7: (q - 4) s = (7 - q) |s| - 3 |s|, as (q - 4) s = q |s| - 4 |s| elsewhere; 3 or 4
/// times |s| goes with the sums of the activations, as the minima of Q2_K do.
/// <para>
/// On tiles (<see cref="TileLoop"/>) four products of 64 columns are one chain. Weights of Q3_K are (4 - q) s there, -128 to 124, with
/// signs, so that nothing is to be taken off. The 16-bit sums of the activations that Q2_K's minima go with are multiplied as two bytes
/// each.
/// </para>
/// </remarks>
internal static class LowBitCode
{
    private const Gpr Panel = Gpr.Rdi, X = Gpr.Rsi, Tokens = Gpr.Rdx, Products = Gpr.Rcx, Sums = Gpr.R8;
    private const Gpr Count = Gpr.R9, Activations = Gpr.R10, Target = Gpr.R11, Result = Gpr.Rax;
    private const int Parts = 4, PartBytes = 4 * 64, Runs = 4, Vectors = 16, Chains = TokenLoop.Together;

    private static readonly Zmm s_scale = new(4), s_flip = new(5), s_bits = new(6), s_temporary = new(7), s_factor = new(8),
        s_low = new(9), s_third = new(10), s_seven = new(11), s_nibble = new(12), s_offset = new(13);

    // On tiles: columns of a product, its rows of weights, where those of the minima are, and from how many tokens it pays.
    private const int TileColumns = 64, TileRows = TileColumns / 4, LowerMinima = 4 * TileRows, UpperMinima = 5 * TileRows,
        FewestOnTiles = 4;

    /// <param name="minimaAt">Where the factors of minima are.</param>
    /// <param name="scalesAt">Where the groups' scales are.</param>
    /// <param name="thirdAt">Where the third bits are.</param>
    /// <param name="partsAt">Where the low bits are.</param>
    public static Assembler Write<TFormat>(int minimaAt, int scalesAt, int thirdAt, int partsAt)
        where TFormat : struct, ILowBitFormat
    {
        Assembler code = Begin();
        Prefetch(code, 0, thirdAt);
        WriteOffsets<TFormat>(code, minimaAt, scalesAt);
        code.Vcvtph2ps(s_factor, new Memory(Panel, 0));
        for (int part = 0; part < Parts; part++)
        {
            Prefetch(code, partsAt + (part * PartBytes), PartBytes);
            if (TFormat.HasThirdBits && part < 2)
            {
                Prefetch(code, thirdAt + (part * PartBytes), PartBytes);
            }

            int first = FirstGroup(part);
            for (int run = 0; run < Runs; run++)
            {
                LoadScales<TFormat>(code, scalesAt + (16 * (first + (2 * run))));
                for (int i = 0; i < 4; i++)
                {
                    Unpack<TFormat>(code, Weight((4 * run) + i), part, run, i, thirdAt, partsAt);
                }
            }

            bool begins = part == 0 && !TFormat.HasThirdBits, ends = part == Parts - 1;
            ForTokens(code, tokens =>
            {
                Begin(code, tokens, begins);
                for (int i = 0; i < Vectors; i++)
                {
                    for (int token = 0; token < tokens; token++)
                    {
                        code.Vpdpbusd(Chain(tokens, token, i), Weight(i), At(token, (16 * (first + (i / 4 * 2))) + (i % 4 * 4)));
                    }
                }

                Join(code, tokens);
                for (int token = 0; token < tokens; token++)
                {
                    End(code, token, ends);
                }
            });
        }

        return code;
    }

    /// <summary>A kernel on tiles for several blocks.</summary>
    /// <param name="panelBlockBytes">Bytes of a block of 16 rows.</param>
    /// <param name="minimaAt">Where the factors of minima are.</param>
    /// <param name="scalesAt">Where the groups' scales are.</param>
    /// <param name="thirdAt">Where the third bits are.</param>
    /// <param name="partsAt">Where the low bits are.</param>
    public static TileKernel OnTiles<TFormat>(int panelBlockBytes, int minimaAt, int scalesAt, int thirdAt, int partsAt)
        where TFormat : struct, ILowBitFormat =>
        new(
            () => WriteOnTiles<TFormat>(panelBlockBytes, minimaAt, scalesAt, thirdAt, partsAt), TileColumns,
            Int8Activations.BlockBytes256, 1, FewestOnTiles);

    /// <summary>The code of <see cref="OnTiles"/>.</summary>
    public static Assembler WriteOnTiles<TFormat>(int panelBlockBytes, int minimaAt, int scalesAt, int thirdAt, int partsAt)
        where TFormat : struct, ILowBitFormat
    {
        Assembler code = Begin();
        int products = TFormat.HasThirdBits ? 1 : 3;
        TileLoop.Write(code, Int8Activations.BlockBytes256, panelBlockBytes, products, new TileLoop.Pass(
            () => LoadTiles<TFormat>(code, minimaAt, scalesAt, thirdAt, partsAt), products, StepsOnTiles<TFormat>(code),
            (first, tokens) => AddProducts<TFormat>(code, first, tokens), () => KeepFactors(code), 1));
        return code;
    }

    private static Assembler Begin()
    {
        Assembler code = new();
        code.Fill(s_low, 0x03030303);
        code.Fill(s_third, 0x04040404);
        code.Fill(s_seven, 0x07070707);
        code.Fill(s_nibble, 0x0000000F);
        return code;
    }

    private static Memory Factor(int number, int vectorsAt) => new(TileLoop.Frame, vectorsAt + (64 * number));

    private static void LoadTiles<TFormat>(Assembler code, int minimaAt, int scalesAt, int thirdAt, int partsAt)
        where TFormat : struct, ILowBitFormat
    {
        PanelPrefetch.Write(code, Panel, 0, thirdAt);
        code.Vcvtph2ps(s_factor, new Memory(Panel, 0));
        if (TFormat.HasThirdBits)
        {
            // Weights have the other sign.
            code.Vpxord(s_temporary, s_temporary, s_temporary);
            code.Vsubps(s_factor, s_temporary, s_factor);
        }

        code.Store(Factor(0, TileKernel.NewVectorsAt), s_factor);
        if (!TFormat.HasThirdBits)
        {
            LoadMinima<TFormat>(code, minimaAt);
            code.Store(Factor(1, TileKernel.NewVectorsAt), s_factor);
            for (int group = 0; group < Vectors; group++)
            {
                LoadOffset<TFormat>(code, s_offset, scalesAt + (16 * group));
                TileLoop.StoreWeights(code, LowerMinima + group, s_offset);
                code.Vpslld(s_offset, s_offset, 8);
                TileLoop.StoreWeights(code, UpperMinima + group, s_offset);
            }
        }

        for (int part = 0; part < Parts; part++)
        {
            PanelPrefetch.Write(code, Panel, partsAt + (part * PartBytes), PartBytes);
            if (TFormat.HasThirdBits && part < 2)
            {
                PanelPrefetch.Write(code, Panel, thirdAt + (part * PartBytes), PartBytes);
            }

            for (int run = 0; run < Runs; run++)
            {
                int group = FirstGroup(part) + (2 * run);
                if (TFormat.HasThirdBits)
                {
                    LoadOffset<TFormat>(code, s_offset, scalesAt + (16 * group));
                    code.Vpslld(s_temporary, s_offset, 8);
                    code.Vpord(s_offset, s_offset, s_temporary);
                }

                LoadScales<TFormat>(code, scalesAt + (16 * group));
                for (int i = 0; i < 4; i++)
                {
                    Zmm weight = Weight(i);
                    Unpack<TFormat>(code, weight, part, run, i, thirdAt, partsAt);
                    if (TFormat.HasThirdBits)
                    {
                        code.Vpsubb(weight, s_offset, weight);
                    }

                    TileLoop.StoreWeights(code, (4 * group) + i, weight);
                }
            }
        }

        for (int tile = 0; tile < 4; tile++)
        {
            TileLoop.LoadWeights(code, TileKernel.Weights(tile), TileRows * tile);
        }
    }

    private static void KeepFactors(Assembler code)
    {
        for (int i = 0; i < 2; i++)
        {
            code.Load(s_factor, Factor(i, TileKernel.NewVectorsAt));
            code.Store(Factor(i, TileKernel.VectorsAt), s_factor);
        }
    }

    // Products, and for the minima those of the lower and of the upper bytes of sums.
    private static List<Action> StepsOnTiles<TFormat>(Assembler code)
        where TFormat : struct, ILowBitFormat
    {
        Tmm last = TileKernel.Weights(3), x = TileKernel.Activations;
        List<Action> steps = [];
        for (int tile = 0; tile < 4; tile++)
        {
            int i = tile;
            steps.Add(() =>
            {
                if (i == 3 && !TFormat.HasThirdBits)
                {
                    TileLoop.LoadWeights(code, last, TileRows * i);
                }

                TileLoop.LoadActivations(code, Int8Activations.BlockBytes256, TileColumns * i);
                if (TFormat.HasThirdBits)
                {
                    code.Tdpbssd(TileKernel.Products(0), x, TileKernel.Weights(i));
                }
                else
                {
                    code.Tdpbsud(TileKernel.Products(0), x, TileKernel.Weights(i));
                }
            });
        }

        if (!TFormat.HasThirdBits)
        {
            steps.Add(() =>
            {
                TileLoop.LoadActivations(code, Int8Activations.BlockBytes256, Int8Activations.PairSumOffset256);
                TileLoop.LoadWeights(code, last, LowerMinima);
                code.Tdpbuud(TileKernel.Products(1), x, last);
                TileLoop.LoadWeights(code, last, UpperMinima);
                code.Tdpbsud(TileKernel.Products(2), x, last);
            });
        }

        return steps;
    }

    // In the order of the other kernels: minima, then products.
    private static void AddProducts<TFormat>(Assembler code, int first, int tokens)
        where TFormat : struct, ILowBitFormat
    {
        Zmm factor = new(16), minima = new(17), sum = new(18), products = new(19), scale = new(20);
        code.Load(factor, Factor(0, TileKernel.VectorsAt));
        if (!TFormat.HasThirdBits)
        {
            code.Load(minima, Factor(1, TileKernel.VectorsAt));
        }

        for (int token = first; token < first + tokens; token++)
        {
            Memory ScaleOf() => new(TileLoop.Before, (token * Int8Activations.BlockBytes256) + Int8Activations.ScaleOffset256);
            Memory Area(int area) => new(TileLoop.Area, (area * TileKernel.AreaBytes) + (64 * token));
            code.Load(sum, new(TileLoop.Target, 64 * token));
            if (!TFormat.HasThirdBits)
            {
                code.Load(products, Area(2));
                code.Vpslld(products, products, 8);
                code.Load(scale, Area(1));
                code.Vpaddd(products, products, scale);
                code.Vcvtdq2ps(products, products);
                code.Vmulps(scale, minima, ScaleOf());
                code.Vfmadd231ps(sum, products, scale);
            }

            code.Vcvtdq2ps(products, Area(0));
            code.Vmulps(scale, factor, ScaleOf());
            code.Vfmadd231ps(sum, products, scale);
            code.Store(new(TileLoop.Target, 64 * token), sum);
        }
    }

    private static Zmm Weight(int i) => new(16 + i);

    private static Memory At(int token, int distance) => new(Activations, (token * Int8Activations.BlockBytes256) + distance);

    private static void Prefetch(Assembler code, int offset, int bytes) =>
        PanelPrefetch.Write(code, Panel, Tokens, Count, offset, bytes);

    // Of a part's four runs, of which each is two groups further.
    private static int FirstGroup(int part) => (part / 2 * 8) + (part % 2);

    // What goes with the activations' sums, of which -32 times are there: of Q2_K a term of its own, of Q3_K where the products begin.
    private static void WriteOffsets<TFormat>(Assembler code, int minimaAt, int scalesAt)
        where TFormat : struct, ILowBitFormat
    {
        for (int group = 0; group < Vectors; group++)
        {
            LoadOffset<TFormat>(code, Weight(group), scalesAt + (16 * group));
        }

        LoadMinima<TFormat>(code, minimaAt);

        ForTokens(code, tokens =>
        {
            Begin(code, tokens, begins: true);
            for (int group = 0; group < Vectors; group++)
            {
                for (int token = 0; token < tokens; token++)
                {
                    code.Vpdpwssd(Chain(tokens, token, group), Weight(group), At(token, Int8Activations.PairSumOffset256 + (4 * group)));
                }
            }

            Join(code, tokens);
            for (int token = 0; token < tokens; token++)
            {
                if (TFormat.HasThirdBits)
                {
                    code.Vpsrad(new(token), new(token), 5);
                }

                End(code, token, ends: !TFormat.HasThirdBits);
            }
        });
    }

    private static void LoadOffset<TFormat>(Assembler code, Zmm offset, int at)
        where TFormat : struct, ILowBitFormat
    {
        if (TFormat.HasThirdBits)
        {
            // 4 |s|, and s more where it is negative.
            code.Vpmovsxbd(offset, new(Panel, at));
            code.Vpsrad(s_flip, offset, 31);
            code.Vpandd(s_flip, s_flip, offset);
            code.Vpabsd(offset, offset);
            code.Vpslld(offset, offset, 2);
            code.Vpaddd(offset, offset, s_flip);
        }
        else
        {
            code.Vpmovzxbd(offset, new(Panel, at));
            code.Vpsrld(offset, offset, 4);
        }

        Twice(code, offset);
    }

    private static void LoadMinima<TFormat>(Assembler code, int minimaAt)
        where TFormat : struct, ILowBitFormat
    {
        if (!TFormat.HasThirdBits)
        {
            code.Fill(s_temporary, BitConverter.SingleToUInt32Bits(1 / 32f));
            code.Vcvtph2ps(s_factor, new Memory(Panel, minimaAt));
            code.Vmulps(s_factor, s_factor, s_temporary);
        }
    }

    private static void LoadScales<TFormat>(Assembler code, int at)
        where TFormat : struct, ILowBitFormat
    {
        if (TFormat.HasThirdBits)
        {
            code.Vpmovsxbd(s_scale, new(Panel, at));
            code.Vpsrad(s_flip, s_scale, 31);
            code.Vpandd(s_flip, s_flip, s_seven);
            code.Vpabsd(s_scale, s_scale);
        }
        else
        {
            code.Vpmovzxbd(s_scale, new(Panel, at));
            code.Vpandd(s_scale, s_scale, s_nibble);
        }

        Twice(code, s_scale);
    }

    /// <summary>A number of at most 16 bits in both halves of a lane.</summary>
    private static void Twice(Assembler code, Zmm lanes)
    {
        code.Vpslld(s_temporary, lanes, 16);
        code.Vpord(lanes, lanes, s_temporary);
    }

    // Quants times scales; what shifts bring over from the neighbouring byte falls to the masks.
    private static void Unpack<TFormat>(Assembler code, Zmm weight, int part, int run, int i, int thirdAt, int partsAt)
        where TFormat : struct, ILowBitFormat
    {
        code.Load(weight, new(Panel, partsAt + (part * PartBytes) + (64 * i)));
        code.Vpsrlw(weight, weight, 2 * run);
        code.Vpandd(weight, weight, s_low);
        if (TFormat.HasThirdBits)
        {
            int thirdBit = (part / 2 * 4) + run;
            code.Load(s_bits, new(Panel, thirdAt + (part % 2 * PartBytes) + (64 * i)));
            if (thirdBit < 2)
            {
                code.Vpsllw(s_bits, s_bits, 2 - thirdBit);
            }
            else
            {
                code.Vpsrlw(s_bits, s_bits, thirdBit - 2);
            }

            code.Vpandd(s_bits, s_bits, s_third);
            code.Vpord(weight, weight, s_bits);
            code.Vpxord(weight, weight, s_flip);
        }

        code.Vpmullw(weight, weight, s_scale);
    }

    private static void ForTokens(Assembler code, Action<int> body)
    {
        code.Mov(Activations, X);
        code.Mov(Target, Products);
        code.Mov(Result, Sums);
        TokenLoop.Write(code, Tokens, Count, tokens =>
        {
            body(tokens);
            code.Add(Activations, tokens * Int8Activations.BlockBytes256);
            code.Add(Target, tokens * 64);
            code.Add(Result, tokens * 64);
        });
    }

    // Four chains of sums, which hide the time one takes: of a token each, or all of one token's.
    private static Zmm Chain(int tokens, int token, int i) => new(tokens == 1 ? i % Chains : token);

    private static void Begin(Assembler code, int tokens, bool begins)
    {
        for (int chain = 0; chain < Chains; chain++)
        {
            Zmm sum = new(chain);
            if (begins || chain >= tokens)
            {
                code.Vpxord(sum, sum, sum);
            }
            else
            {
                code.Load(sum, new(Target, 64 * chain));
            }
        }
    }

    private static void Join(Assembler code, int tokens)
    {
        for (int chain = tokens; chain < Chains; chain++)
        {
            code.Vpaddd(new(0), new(0), new Zmm(chain));
        }
    }

    // Whole numbers stay in the scratch until their last product; then sums += numbers * (factor * scale of the activations).
    private static void End(Assembler code, int token, bool ends)
    {
        Zmm sum = new(token);
        if (!ends)
        {
            code.Store(new(Target, 64 * token), sum);
            return;
        }

        Memory result = new(Result, 64 * token);
        code.Vcvtdq2ps(sum, sum);
        code.Vmulps(s_temporary, s_factor, At(token, Int8Activations.ScaleOffset256));
        code.Vfmadd213ps(sum, s_temporary, result);
        code.Store(result, sum);
    }
}
