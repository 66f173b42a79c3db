using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Code on tiles (<see cref="TileLoop"/>) for Q4_K, Q5_K and Q6_K: quants are multiplied by their group's scale when they are unpacked,
/// which takes 16 bits, and are two bytes then, a lower one without a sign and an upper one. A token's 256 columns are a chain of products
/// with each, and a block's whole sum is the lower one and 256 times the upper one.
/// </summary>
/// <remarks>
/// With a product for each group of 32 columns, as blocks of 32 have it, four times as many products were stored, read and multiplied by a
/// scale, and tiles were filled by half.
/// </remarks>
internal static class TwoByteTileCode
{
    private const Gpr Panel = TileLoop.Panel;

    // Columns of a product, its rows of weights and those of a group of 16 columns; tiles of the lower bytes, behind which the upper ones
    // are.
    private const int Columns = 64, Rows = Columns / 4, GroupRows = 16 / 4, Tiles = 256 / Columns, UpperRows = Tiles * Rows;

    // Tokens from which tiles are faster than vectors.
    private const int FewestOnTiles = 16;

    // Vectors of a block: the factor, that of minima, and the minima of two groups each.
    private const int FactorVector = 0, MinimumVector = 1, MinimaVector = 2, MinimaVectors = 4;

    private static readonly Zmm s_even = new(4), s_odd = new(5), s_lower = new(6), s_shifted = new(7), s_lowBytes = new(12),
        s_highBytes = new(13), s_bias = new(14), s_scale = new(24), s_secondScale = new(25), s_bits = new(29);

    /// <summary>Q4_K or Q5_K.</summary>
    public static TileKernel SixBitScales(int panelBlockBytes, int scalesAt, int minimaAt, int fifthAt, int quantsAt) =>
        Kernel(() => WriteSixBitScales(panelBlockBytes, scalesAt, minimaAt, fifthAt, quantsAt));

    /// <summary>The code of <see cref="SixBitScales"/>.</summary>
    public static Assembler WriteSixBitScales(int panelBlockBytes, int scalesAt, int minimaAt, int fifthAt, int quantsAt)
    {
        Assembler code = Begin(quantsAt > fifthAt ? 0x10101010u : 0);
        Write(code, panelBlockBytes, Load, (first, tokens) => AddWithMinima(code, first, tokens), MinimaVector + MinimaVectors,
            hasSigns: false);
        return code;

        void Load()
        {
            for (int group = 0; group < 8; group++)
            {
                PanelPrefetch.Write(code, Panel, group * (panelBlockBytes / 8), panelBlockBytes / 8);
                Block256Code.LoadQuants(code, group, fifthAt, quantsAt);
                code.Vpmovzxbd(s_scale, new(Panel, scalesAt + (16 * group)));
                Twice(code, s_scale);
                for (int i = 0; i < 2 * GroupRows; i++)
                {
                    StoreProduct(code, (2 * GroupRows * group) + i, Block256Code.Weight(i), s_scale, bias: null);
                }
            }

            LoadFactor(code, FactorVector, 0);
            LoadFactor(code, MinimumVector, 32);
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

    /// <summary>Q6_K, see <see cref="Q6_KPanel"/> for what lies where.</summary>
    public static TileKernel SixBits(int panelBlockBytes, int scalesAt, int partsAt) =>
        Kernel(() => WriteSixBits(panelBlockBytes, scalesAt, partsAt));

    /// <summary>The code of <see cref="SixBits"/>.</summary>
    public static Assembler WriteSixBits(int panelBlockBytes, int scalesAt, int partsAt)
    {
        Assembler code = Begin(0x30303030);
        code.Fill(s_bias, 0x00200020);
        Write(code, panelBlockBytes, Load, (first, tokens) => AddScaled(code, first, tokens), MinimumVector, hasSigns: true);
        return code;

        void Load()
        {
            for (int part = 0; part < 4; part++)
            {
                PanelPrefetch.Write(code, Panel, part * (panelBlockBytes / 4), panelBlockBytes / 4);
                for (int pair = 0; pair < 2; pair++)
                {
                    Block256Code.LoadRuns(code, partsAt + (part * Block256Code.PartBytes), pair);
                    int first = (part / 2 * 8) + (part % 2) + (4 * pair);
                    for (int run = 0; run < 2; run++)
                    {
                        int group = first + (2 * run);
                        Zmm scale = run == 0 ? s_scale : s_secondScale;
                        code.Vpmovsxbd(scale, new(Panel, scalesAt + (16 * group)));
                        code.Vpslld(scale, scale, 16);
                        code.Vpsrld(s_shifted, scale, 16);
                        code.Vpord(scale, scale, s_shifted);
                        for (int i = 0; i < GroupRows; i++)
                        {
                            StoreProduct(code, (GroupRows * group) + i, Block256Code.Weight((4 * run) + i), scale, s_bias);
                        }
                    }
                }
            }

            LoadFactor(code, FactorVector, 0);
        }
    }

    private static TileKernel Kernel(Func<Assembler> write) => new(write, Columns, Int8Activations.BlockBytes256, 1, FewestOnTiles);

    private static Assembler Begin(uint bit)
    {
        Assembler code = Block256Code.Begin(0x0F0F0F0F, bit);
        code.Fill(s_lowBytes, 0x00FF00FF);
        code.Fill(s_highBytes, 0xFF00FF00);
        return code;
    }

    // Lower bytes in tiles that stay, but for the last; that one and upper bytes come when they are needed. Activations are loaded once.
    private static void Write(
        Assembler code, int panelBlockBytes, Action load, Action<int, int> finish, int vectors, bool hasSigns)
    {
        Tmm passing = TileKernel.Weights(Tiles - 1), x = TileKernel.Activations;
        List<Action> steps = [];
        for (int tile = 0; tile < Tiles; tile++)
        {
            int i = tile;
            steps.Add(() =>
            {
                TileLoop.LoadActivations(code, Int8Activations.BlockBytes256, Columns * i);
                if (i == Tiles - 1)
                {
                    TileLoop.LoadWeights(code, passing, Rows * i);
                }

                code.Tdpbsud(TileKernel.Products(0), x, TileKernel.Weights(i));
                TileLoop.LoadWeights(code, passing, UpperRows + (Rows * i));
                if (hasSigns)
                {
                    code.Tdpbssd(TileKernel.Products(1), x, passing);
                }
                else
                {
                    code.Tdpbsud(TileKernel.Products(1), x, passing);
                }
            });
        }

        TileLoop.Write(code, Int8Activations.BlockBytes256, panelBlockBytes, 2, new TileLoop.Pass(Load, 2, steps, finish, Keep, 1));

        void Load()
        {
            load();
            for (int tile = 0; tile < Tiles - 1; tile++)
            {
                TileLoop.LoadWeights(code, TileKernel.Weights(tile), Rows * tile);
            }
        }

        void Keep()
        {
            for (int i = 0; i < vectors; i++)
            {
                code.Load(s_scale, Vector(i, TileKernel.NewVectorsAt));
                code.Store(Vector(i, TileKernel.VectorsAt), s_scale);
            }
        }
    }

    // (quants - bias) * scale, as lower and upper bytes: of even and odd columns, of which each 16 bits hold one.
    private static void StoreProduct(Assembler code, int row, Zmm quants, Zmm scale, Zmm? bias)
    {
        code.Vpandd(s_even, quants, s_lowBytes);
        code.Vpsrlw(s_odd, quants, 8);
        if (bias is { } less)
        {
            code.Vpsubw(s_even, s_even, less);
            code.Vpsubw(s_odd, s_odd, less);
        }

        code.Vpmullw(s_even, s_even, scale);
        code.Vpmullw(s_odd, s_odd, scale);
        code.Vpandd(s_lower, s_even, s_lowBytes);
        code.Vpsllw(s_shifted, s_odd, 8);
        code.Vpord(s_lower, s_lower, s_shifted);
        TileLoop.StoreWeights(code, row, s_lower);
        code.Vpsrlw(s_even, s_even, 8);
        code.Vpandd(s_odd, s_odd, s_highBytes);
        code.Vpord(s_odd, s_odd, s_even);
        TileLoop.StoreWeights(code, UpperRows + row, s_odd);
    }

    private static void Twice(Assembler code, Zmm lanes)
    {
        code.Vpslld(s_shifted, lanes, 16);
        code.Vpord(lanes, lanes, s_shifted);
    }

    private static void LoadFactor(Assembler code, int number, int at)
    {
        code.Vcvtph2ps(s_scale, new Memory(Panel, at));
        code.Store(Vector(number, TileKernel.NewVectorsAt), s_scale);
    }

    private static Memory Vector(int number, int vectorsAt) => new(TileLoop.Frame, vectorsAt + (64 * number));

    private static Memory Activation(int token, int distance) =>
        new(TileLoop.Before, (token * Int8Activations.BlockBytes256) + distance);

    // A token's whole sum, as f32.
    private static void LoadSum(Assembler code, Zmm sum, int token)
    {
        code.Load(sum, new(TileLoop.Area, TileKernel.AreaBytes + (64 * token)));
        code.Vpslld(sum, sum, 8);
        code.Vpaddd(sum, sum, new Memory(TileLoop.Area, 64 * token));
        code.Vcvtdq2ps(sum, sum);
    }

    // sums[token] += (factor * products - factor of minima * minima and the activations' sums) * scale of the activations.
    private static void AddWithMinima(Assembler code, int first, int tokens)
    {
        Zmm sum = new(0), minima = new(1), scale = new(2), factor = new(18), minimum = new(19);
        Zmm[] pairs = [new(20), new(21), new(22), new(23)];
        code.Load(factor, Vector(FactorVector, TileKernel.VectorsAt));
        code.Load(minimum, Vector(MinimumVector, TileKernel.VectorsAt));
        for (int pair = 0; pair < MinimaVectors; pair++)
        {
            code.Load(pairs[pair], Vector(MinimaVector + pair, TileKernel.VectorsAt));
        }

        for (int token = first; token < first + tokens; token++)
        {
            LoadSum(code, sum, token);
            code.Vpxord(minima, minima, minima);
            for (int pair = 0; pair < MinimaVectors; pair++)
            {
                code.Vpdpwssd(minima, pairs[pair], Activation(token, Int8Activations.SumOffset256 + (4 * pair)));
            }

            code.Vcvtdq2ps(minima, minima);
            code.Vmulps(minima, minima, minimum);
            code.Vmulps(sum, sum, factor);
            code.Vsubps(sum, sum, minima);
            code.Vpbroadcastd(scale, Activation(token, Int8Activations.ScaleOffset256));
            Memory target = new(TileLoop.Target, 64 * token);
            code.Vfmadd213ps(sum, scale, target);
            code.Store(target, sum);
        }
    }

    // sums[token] += products * (factor * scale of the activations).
    private static void AddScaled(Assembler code, int first, int tokens)
    {
        Zmm sum = new(0), scale = new(1), factor = new(18);
        code.Load(factor, Vector(FactorVector, TileKernel.VectorsAt));
        for (int token = first; token < first + tokens; token++)
        {
            LoadSum(code, sum, token);
            code.Vmulps(scale, factor, Activation(token, Int8Activations.ScaleOffset256));
            Memory target = new(TileLoop.Target, 64 * token);
            code.Vfmadd213ps(sum, scale, target);
            code.Store(target, sum);
        }
    }
}
