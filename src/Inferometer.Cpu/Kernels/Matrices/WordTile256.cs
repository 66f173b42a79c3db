using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Blocks of 32 columns of 16 rows times activations of 16 bits, with vectors of 256 bits: tiles of 16 rows and four tokens, whose eight
/// sums stay in registers while the weights pass, so that three loads serve four products. (With the weights of eight rows in registers
/// and one token after another it is a load for each: 98 and 122 G operations/s, Q8_0, 64 tokens, Zen 4 without AVX-512, one thread.)
/// </summary>
internal static unsafe class WordTile256
{
    /// <summary>Bytes of a block: [16 pairs of columns][16 rows][2] shorts, then [16 rows] f32 scales.</summary>
    public const int BlockBytes = ScalesAt + (PanelRows.Count * sizeof(float));

    /// <summary>Where the scales begin.</summary>
    public const int ScalesAt = Pairs * PairBytes;

    /// <summary>Bytes of a pair of columns.</summary>
    public const int PairBytes = PanelRows.Count * 2 * sizeof(short);

    /// <summary>Bytes to reserve on the stack for a block; <see cref="Align"/> says where in them it goes.</summary>
    public const int ReservedBytes = BlockBytes + Line;

    private const int Pairs = 16;
    private const int Line = 64;
    private const int TokenInts = Int8Activations.WideBlockBytes32 / sizeof(int);

    /// <summary>The first address from here on where no vector lies in two cache lines.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Align(byte* reserved) => (byte*)(((nuint)reserved + Line - 1) & ~(nuint)(Line - 1));

    /// <summary>sums[token][16] += scale times the products of a block's weights and activations.</summary>
    /// <param name="block">A block, aligned.</param>
    /// <param name="x">Activations of <see cref="ActivationLayout.Int16By32"/> or <see cref="ActivationLayout.FineBy32"/>.</param>
    /// <param name="tokens">Tokens.</param>
    /// <param name="sums">[tokens][16].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(byte* block, byte* x, int tokens, float* sums)
    {
        Vector256<float>* scales = (Vector256<float>*)(block + ScalesAt);
        byte* end = block + ScalesAt;
        for (; tokens >= 4; tokens -= 4)
        {
            int* q = (int*)x;
            Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
            Vector256<int> b0 = default, b1 = default, b2 = default, b3 = default;
            for (byte* w = block; w < end; w += 2 * PairBytes, q += 2)
            {
                Vector256<short> u = Vector256.Load((short*)w), v = Vector256.Load((short*)(w + 32));
                Vector256<short> y = Pair(q[0]);
                a0 += Products(u, y);
                b0 += Products(v, y);
                y = Pair(q[TokenInts]);
                a1 += Products(u, y);
                b1 += Products(v, y);
                y = Pair(q[2 * TokenInts]);
                a2 += Products(u, y);
                b2 += Products(v, y);
                y = Pair(q[3 * TokenInts]);
                a3 += Products(u, y);
                b3 += Products(v, y);
                u = Vector256.Load((short*)(w + PairBytes));
                v = Vector256.Load((short*)(w + PairBytes + 32));
                y = Pair(q[1]);
                a0 += Products(u, y);
                b0 += Products(v, y);
                y = Pair(q[TokenInts + 1]);
                a1 += Products(u, y);
                b1 += Products(v, y);
                y = Pair(q[2 * TokenInts + 1]);
                a2 += Products(u, y);
                b2 += Products(v, y);
                y = Pair(q[3 * TokenInts + 1]);
                a3 += Products(u, y);
                b3 += Products(v, y);
            }

            Finish(scales, x, a0, b0, sums);
            Finish(scales, x + Int8Activations.WideBlockBytes32, a1, b1, sums + PanelRows.Count);
            Finish(scales, x + 2 * Int8Activations.WideBlockBytes32, a2, b2, sums + 2 * PanelRows.Count);
            Finish(scales, x + 3 * Int8Activations.WideBlockBytes32, a3, b3, sums + 3 * PanelRows.Count);
            x += 4 * Int8Activations.WideBlockBytes32;
            sums += 4 * PanelRows.Count;
        }

        for (; tokens > 0; tokens--)
        {
            int* q = (int*)x;
            Vector256<int> a0 = default, a1 = default, b0 = default, b1 = default;
            for (byte* w = block; w < end; w += 2 * PairBytes, q += 2)
            {
                Vector256<short> y = Pair(q[0]), z = Pair(q[1]);
                a0 += Products(Vector256.Load((short*)w), y);
                b0 += Products(Vector256.Load((short*)(w + 32)), y);
                a1 += Products(Vector256.Load((short*)(w + PairBytes)), z);
                b1 += Products(Vector256.Load((short*)(w + PairBytes + 32)), z);
            }

            Finish(scales, x, a0 + a1, b0 + b1, sums);
            x += Int8Activations.WideBlockBytes32;
            sums += PanelRows.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(Vector256<float>* scales, byte* x, Vector256<int> low, Vector256<int> high, float* sums)
    {
        Vector256<float> scale = Vector256.Create(*(float*)(x + 64));
        PanelScale.Add(low, scales[0] * scale, sums);
        PanelScale.Add(high, scales[1] * scale, sums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pair(int pair) => Vector256.Create(pair).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(Vector256<short> weights, Vector256<short> pair) => Avx2.MultiplyAddAdjacent(weights, pair);
}
