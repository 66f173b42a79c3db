using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Q8_0 for processors with <see cref="VnniProducts"/>: 16 f16 scales, then eight vectors of 64 bytes; vector j holds columns 4j to 4j + 3
/// of the 16 rows, each byte 128 more than the weight, since the instruction wants one side without signs.
/// </summary>
/// <remarks>
/// On Sapphire Rapids 1.6 times the rate of pairs of 16-bit numbers in 512 bits (<see cref="Q8_0Panel"/>): an instruction multiplies as
/// much, and adds as well.
/// </remarks>
internal readonly unsafe struct Q8_0BytePanel : IPanelKernel
{
    private const int QuantOffset = 32;
    private const int BlockBytes = QuantOffset + 8 * 64;

    private static readonly delegate* unmanaged<byte*, nint, byte*, nint, float*, void> s_emitted =
        (delegate* unmanaged<byte*, nint, byte*, nint, float*, void>)EmittedKernels.Place(
            () => Block32Code.Bytes(BlockBytes, QuantOffset));

    private static readonly TileKernel s_onTiles = Block32Code.OnTiles(
        () => Block32Code.BytesOnTiles(BlockBytes, QuantOffset), 1);

    public static GgmlType Type => GgmlType.Q8_0;

    /// <summary>Whether this layout is the better one here: bytes are multiplied as they are, not widened to 16 bits.</summary>
    public static bool IsFaster => s_emitted is not null || VnniProducts.IsSupported || (ByteProducts.IsSupported && !Avx2.IsSupported);

    public static int PanelBlockBytes => BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Int8By32ForBytes;

    public static void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        PanelHeader.Write(block, panelBlock, row);
        Span<byte> shifted = stackalloc byte[32];
        (Vector256.Create<byte>(block[2..34]) ^ Vector256.Create((byte)0x80)).CopyTo(shifted);
        PanelRows.Spread(shifted, panelBlock + QuantOffset, row);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InsertRows(byte* blocks, long rowBytes, byte* panelBlock)
    {
        RowSpread.Pairs(blocks, rowBytes, panelBlock);
        RowSpread.Bytes(blocks + 2, rowBytes, 32, panelBlock + QuantOffset);
        for (byte* vector = panelBlock + QuantOffset; vector < panelBlock + BlockBytes; vector += 64)
        {
            (Vector512.Load(vector) ^ Vector512.Create((byte)0x80)).Store(vector);
        }
    }

    public static void Extract(byte* panelBlock, int row, Span<byte> block)
    {
        PanelHeader.Read(panelBlock, row, block);
        Span<byte> quants = block[2..34];
        PanelRows.Collect(panelBlock + QuantOffset, row, quants);
        (Vector256.Create<byte>(quants) ^ Vector256.Create((byte)0x80)).CopyTo(quants);
    }

    public static void Multiply(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        if (s_onTiles.MultiplyAll(ref panel, BlockBytes, ref x, 1, ref blocks, tokens, sums))
        {
            return;
        }

        if (s_emitted is not null)
        {
            s_emitted(panel, blocks, x, tokens, sums);
        }
        else if (VnniProducts.IsSupported)
        {
            MultiplyVnni(panel, blocks, x, tokens, sums);
        }
        else if (ByteProducts.IsSupported)
        {
            Multiply128(panel, blocks, x, tokens, sums);
        }
        else
        {
            MultiplyScalar(panel, blocks, x, tokens, sums);
        }
    }

    // Not inlined: the compiler would make it part of a method whose allowance of inlined calls is then used up before the inner loop.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void MultiplyVnni(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        bool ahead = PanelPrefetch.Helps(tokens);
        for (int block = 0; block < blocks; block++)
        {
            if (ahead)
            {
                PanelPrefetch.Ahead(panel, BlockBytes);
            }

            MultiplyHalf(panel + QuantOffset, HalfBits.Load256((ushort*)panel), x, tokens, sums);
            MultiplyHalf(panel + QuantOffset + 32, HalfBits.Load256((ushort*)panel + 8), x, tokens, sums + 8);
            x += (long)tokens * Int8Activations.BlockBytes32;
            panel += BlockBytes;
        }
    }

    /// <summary>
    /// Rows 0 to 7 or 8 to 15 of a block, whose weights stay in eight of the sixteen registers that these instructions reach.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyHalf(byte* weights, Vector256<float> scale, byte* x, int tokens, float* sums)
    {
        Vector256<byte> w0 = Vector256.Load(weights), w1 = Vector256.Load(weights + 64), w2 = Vector256.Load(weights + 128),
            w3 = Vector256.Load(weights + 192);
        Vector256<byte> w4 = Vector256.Load(weights + 256), w5 = Vector256.Load(weights + 320), w6 = Vector256.Load(weights + 384),
            w7 = Vector256.Load(weights + 448);
        for (int token = 0; token < tokens; token++)
        {
            int* q = (int*)x;
            Vector256<int> products = VnniProducts.Sum32(Vector256.Create(q[8]), w0, w1, w2, w3, w4, w5, w6, w7, q);
            PanelScale.Add(products, scale * Vector256.Create(((float*)q)[9]), sums);
            x += Int8Activations.BlockBytes32;
            sums += PanelRows.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply128(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            for (int quarter = 0; quarter < 4; quarter++)
            {
                Vector128<float> scale = HalfBits.Load128((ushort*)panel + 4 * quarter);
                MultiplyQuarter(panel + QuantOffset + 16 * quarter, scale, x, tokens, sums + 4 * quarter);
            }

            x += (long)tokens * Int8Activations.BlockBytes32;
        }
    }

    /// <summary>Four rows of a block, their weights signed again: products of signed bytes need no correction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyQuarter(byte* weights, Vector128<float> scale, byte* x, int tokens, float* sums)
    {
        Vector128<byte> sign = Vector128.Create((byte)0x80);
        Vector128<byte> w0 = Vector128.Load(weights) ^ sign, w1 = Vector128.Load(weights + 64) ^ sign,
            w2 = Vector128.Load(weights + 128) ^ sign, w3 = Vector128.Load(weights + 192) ^ sign;
        Vector128<byte> w4 = Vector128.Load(weights + 256) ^ sign, w5 = Vector128.Load(weights + 320) ^ sign,
            w6 = Vector128.Load(weights + 384) ^ sign, w7 = Vector128.Load(weights + 448) ^ sign;
        for (int token = 0; token < tokens; token++)
        {
            Vector128<int> products = ByteProducts.Sum32(ByteRange.Signed, w0, w1, w2, w3, w4, w5, w6, w7, (int*)x);
            PanelScale.Add(products, scale * Vector128.Create(((float*)x)[9]), sums);
            x += Int8Activations.BlockBytes32;
            sums += PanelRows.Count;
        }
    }

    private static void MultiplyScalar(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            for (int token = 0; token < tokens; token++, x += Int8Activations.BlockBytes32)
            {
                for (int row = 0; row < PanelRows.Count; row++)
                {
                    int sum = *(int*)(x + 32);
                    for (int k = 0; k < 32; k++)
                    {
                        sum += panel[QuantOffset + k / 4 * 64 + row * 4 + k % 4] * (sbyte)x[k];
                    }

                    sums[token * PanelRows.Count + row] += sum * (HalfBits.Load(panel + 2 * row) * *(float*)(x + 36));
                }
            }
        }
    }
}
