using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Q4_0, Q4_1, Q5_0, Q5_1: 16 f16 scales, 16 f16 minima where there are any, then four vectors of 64 bytes; vector j holds columns 4j to 4j
/// + 3 in the low nibbles and 16 columns later in the high ones. Fifth bits follow in one more vector: bit c of byte i of a row's four is
/// that of column 4c + i.
/// </summary>
/// <remarks>
/// Products are added in pairs to 16 bits, where a block fits: 15 * 127 * 2 * 8 = 30480 for four bits, half a block for five: 31 * 127 * 2
/// * 4 = 31496.
/// </remarks>
internal readonly unsafe partial struct SmallBlockPanel<TFormat> : IPanelKernel
    where TFormat : struct, ISmallBlockFormat
{
    private const int MinimumOffset = 32;

    private static readonly delegate* unmanaged<byte*, nint, byte*, nint, float*, void> s_emitted =
        (delegate* unmanaged<byte*, nint, byte*, nint, float*, void>)EmittedKernels.Place(
            () => Block32Code.Small<TFormat>(BlockBytes, QuantOffset));

    private static readonly TileKernel s_onTiles = TFormat.HasMinimum
        ? TileKernel.None
        : Block32Code.OnTiles(() => Block32Code.SmallOnTiles<TFormat>(BlockBytes, QuantOffset), 1);

    public static GgmlType Type => TFormat.Type;

    public static int PanelBlockBytes => BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Int8By32;

    // Constants of a format; in the kernels a call would also push the vectors held in registers out to memory.
    private static int QuantOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.HasMinimum ? 64 : 32;
    }

    private static int BlockBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => QuantOffset + (TFormat.HasFifthBits ? 5 : 4) * 64;
    }

    public static void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        PanelHeader.Write(block, panelBlock, row);
        if (TFormat.HasMinimum)
        {
            PanelHeader.Write(block[2..], panelBlock + MinimumOffset, row);
        }

        PanelRows.Spread(block[^16..], panelBlock + QuantOffset, row);
        if (TFormat.HasFifthBits)
        {
            InsertFifthBits(BinaryPrimitives.ReadUInt32LittleEndian(block[^20..]), panelBlock, row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InsertRows(byte* blocks, long rowBytes, byte* panelBlock)
    {
        int blockBytes = Type.BlockBytes();
        RowSpread.Pairs(blocks, rowBytes, panelBlock);
        if (TFormat.HasMinimum)
        {
            RowSpread.Pairs(blocks + 2, rowBytes, panelBlock + MinimumOffset);
        }

        RowSpread.Bytes(blocks + blockBytes - 16, rowBytes, 16, panelBlock + QuantOffset);
        for (int row = 0; TFormat.HasFifthBits && row < PanelRows.Count; row++)
        {
            InsertFifthBits(*(uint*)(blocks + row * rowBytes + blockBytes - 20), panelBlock, row);
        }
    }

    /// <summary>Bit c of the stored bits goes to bit c / 4 of byte c mod 4 of the row's four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InsertFifthBits(uint bits, byte* panelBlock, int row)
    {
        uint result = 0;
        for (int part = 0; part < 4; part++)
        {
            // Every fourth bit: they move together in twos, fours and eights.
            uint x = bits >> part & 0x11111111;
            x = (x | x >> 3) & 0x03030303;
            x = (x | x >> 6) & 0x000F000F;
            x = (x | x >> 12) & 0x000000FF;
            result |= x << (8 * part);
        }

        ((uint*)(panelBlock + QuantOffset + 256))[row] = result;
    }

    public static void Extract(byte* panelBlock, int row, Span<byte> block)
    {
        PanelHeader.Read(panelBlock, row, block);
        if (TFormat.HasMinimum)
        {
            PanelHeader.Read(panelBlock + MinimumOffset, row, block[2..]);
        }

        PanelRows.Collect(panelBlock + QuantOffset, row, block[^16..]);
        if (TFormat.HasFifthBits)
        {
            uint bits = 0;
            for (int column = 0; column < 32; column++)
            {
                bits |= (uint)FifthBit(panelBlock, row, column) << column;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(block[^20..], bits);
        }
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
        else if (Avx512BW.IsSupported)
        {
            Multiply512(panel, blocks, x, tokens, sums);
        }
        else if (Avx2.IsSupported)
        {
            Multiply256(panel, blocks, x, tokens, sums);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply512(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        Vector512<byte> nibble = Vector512.Create((byte)15);
        BitField upper = new(4, 4, 0);
        Vector512<short> ones = Vector512.Create((short)1);
        bool ahead = PanelPrefetch.Helps(tokens);
        for (int block = 0; block < blocks; block++)
        {
            if (ahead)
            {
                PanelPrefetch.Ahead(panel, BlockBytes);
            }

            byte* weights = panel + QuantOffset;
            Vector512<byte> v0 = Vector512.Load(weights), v1 = Vector512.Load(weights + 64), v2 = Vector512.Load(weights + 128),
                v3 = Vector512.Load(weights + 192);
            Vector512<byte> w0 = v0 & nibble, w1 = v1 & nibble, w2 = v2 & nibble, w3 = v3 & nibble;
            Vector512<byte> w4 = upper.Take(v0), w5 = upper.Take(v1), w6 = upper.Take(v2), w7 = upper.Take(v3);
            if (TFormat.HasFifthBits)
            {
                Vector512<byte> bits = Vector512.Load(weights + 256);
                w0 |= new BitField(0, 1, 4).Take(bits);
                w1 |= new BitField(1, 1, 4).Take(bits);
                w2 |= new BitField(2, 1, 4).Take(bits);
                w3 |= new BitField(3, 1, 4).Take(bits);
                w4 |= new BitField(4, 1, 4).Take(bits);
                w5 |= new BitField(5, 1, 4).Take(bits);
                w6 |= new BitField(6, 1, 4).Take(bits);
                w7 |= new BitField(7, 1, 4).Take(bits);
            }

            Vector512<float> scale = HalfBits.Load512((ushort*)panel);
            Vector512<float> minimum = TFormat.HasMinimum ? HalfBits.Load512((ushort*)(panel + MinimumOffset)) : default;
            float* target = sums;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)x;
                Vector512<short> a = Avx512BW.MultiplyAddAdjacent(w0, Vector512.Create(q[0]).AsSByte());
                Vector512<short> b = Avx512BW.MultiplyAddAdjacent(w4, Vector512.Create(q[4]).AsSByte());
                a += Avx512BW.MultiplyAddAdjacent(w1, Vector512.Create(q[1]).AsSByte());
                b += Avx512BW.MultiplyAddAdjacent(w5, Vector512.Create(q[5]).AsSByte());
                a += Avx512BW.MultiplyAddAdjacent(w2, Vector512.Create(q[2]).AsSByte());
                b += Avx512BW.MultiplyAddAdjacent(w6, Vector512.Create(q[6]).AsSByte());
                a += Avx512BW.MultiplyAddAdjacent(w3, Vector512.Create(q[3]).AsSByte());
                b += Avx512BW.MultiplyAddAdjacent(w7, Vector512.Create(q[7]).AsSByte());
                Vector512<int> products = TFormat.HasFifthBits
                    ? Avx512BW.MultiplyAddAdjacent(a, ones) + Avx512BW.MultiplyAddAdjacent(b, ones)
                    : Avx512BW.MultiplyAddAdjacent(a + b, ones);
                float activationScale = ((float*)q)[9];
                if (TFormat.HasMinimum)
                {
                    Vector512<float> offset = Vector512.Create(q[8] * -0.125f * activationScale);
                    Vector512.FusedMultiplyAdd(minimum, offset, Vector512.Load(target)).Store(target);
                }
                else
                {
                    products += Vector512.Create(TFormat.HasFifthBits ? 2 * q[8] : q[8]);
                }

                PanelScale.Add(products, scale * Vector512.Create(activationScale), target);
                x += Int8Activations.BlockBytes32;
                target += PanelRows.Count;
            }

            panel += BlockBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply256(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        bool ahead = PanelPrefetch.Helps(tokens);
        for (int block = 0; block < blocks; block++)
        {
            if (ahead)
            {
                PanelPrefetch.Ahead(panel, BlockBytes);
            }

            MultiplyHalf256(panel, x, tokens, sums, 0);
            MultiplyHalf256(panel, x, tokens, sums, 1);
            x += (long)tokens * Int8Activations.BlockBytes32;
            panel += BlockBytes;
        }
    }

    /// <summary>Rows 0 to 7 or 8 to 15 of a block: half of every vector, its weights in eight of the sixteen registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyHalf256(byte* panel, byte* x, int tokens, float* sums, int half)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15), fifth = Vector256.Create((byte)16);
        Vector256<short> ones = Vector256.Create((short)1);
        byte* weights = panel + QuantOffset + 32 * half;
        Vector256<byte> v0 = Vector256.Load(weights), v1 = Vector256.Load(weights + 64), v2 = Vector256.Load(weights + 128),
            v3 = Vector256.Load(weights + 192);
        Vector256<byte> w0 = v0 & nibble, w1 = v1 & nibble, w2 = v2 & nibble, w3 = v3 & nibble;
        Vector256<byte> w4 = (v0.AsUInt16() >> 4).AsByte() & nibble, w5 = (v1.AsUInt16() >> 4).AsByte() & nibble;
        Vector256<byte> w6 = (v2.AsUInt16() >> 4).AsByte() & nibble, w7 = (v3.AsUInt16() >> 4).AsByte() & nibble;
        if (TFormat.HasFifthBits)
        {
            Vector256<ushort> bits = Vector256.Load(weights + 256).AsUInt16();
            w0 |= (bits << 4).AsByte() & fifth;
            w1 |= (bits << 3).AsByte() & fifth;
            w2 |= (bits << 2).AsByte() & fifth;
            w3 |= (bits << 1).AsByte() & fifth;
            w4 |= bits.AsByte() & fifth;
            w5 |= (bits >> 1).AsByte() & fifth;
            w6 |= (bits >> 2).AsByte() & fifth;
            w7 |= (bits >> 3).AsByte() & fifth;
        }

        Vector256<float> scale = HalfBits.Load256((ushort*)panel + 8 * half);
        Vector256<float> minimum = TFormat.HasMinimum ? HalfBits.Load256((ushort*)(panel + MinimumOffset) + 8 * half) : default;
        float* target = sums + 8 * half;
        for (int token = 0; token < tokens; token++)
        {
            int* q = (int*)x;
            Vector256<int> products;
            if (VnniProducts.IsSupported)
            {
                products = VnniProducts.Sum32(Vector256<int>.Zero, w0, w1, w2, w3, w4, w5, w6, w7, q);
            }
            else
            {
                Vector256<short> a = Avx2.MultiplyAddAdjacent(w0, Vector256.Create(q[0]).AsSByte());
                Vector256<short> b = Avx2.MultiplyAddAdjacent(w4, Vector256.Create(q[4]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w1, Vector256.Create(q[1]).AsSByte());
                b += Avx2.MultiplyAddAdjacent(w5, Vector256.Create(q[5]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w2, Vector256.Create(q[2]).AsSByte());
                b += Avx2.MultiplyAddAdjacent(w6, Vector256.Create(q[6]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w3, Vector256.Create(q[3]).AsSByte());
                b += Avx2.MultiplyAddAdjacent(w7, Vector256.Create(q[7]).AsSByte());
                products = TFormat.HasFifthBits
                    ? Avx2.MultiplyAddAdjacent(a, ones) + Avx2.MultiplyAddAdjacent(b, ones)
                    : Avx2.MultiplyAddAdjacent(a + b, ones);
            }

            float activationScale = ((float*)q)[9];
            if (TFormat.HasMinimum)
            {
                Vector256<float> offset = Vector256.Create(q[8] * -0.125f * activationScale);
                Vector256.FusedMultiplyAdd(minimum, offset, Vector256.Load(target)).Store(target);
            }
            else
            {
                products += Vector256.Create(TFormat.HasFifthBits ? 2 * q[8] : q[8]);
            }

            PanelScale.Add(products, scale * Vector256.Create(activationScale), target);
            x += Int8Activations.BlockBytes32;
            target += PanelRows.Count;
        }
    }

    private static int FifthBit(byte* panelBlock, int row, int column)
        => TFormat.HasFifthBits ? panelBlock[QuantOffset + 256 + row * 4 + column % 4] >> (column / 4) & 1 : 0;

    private static void MultiplyScalar(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            for (int token = 0; token < tokens; token++, x += Int8Activations.BlockBytes32)
            {
                float activationScale = *(float*)(x + 36);
                for (int row = 0; row < PanelRows.Count; row++)
                {
                    int products = 0;
                    for (int k = 0; k < 32; k++)
                    {
                        int quant = panel[QuantOffset + k % 16 / 4 * 64 + row * 4 + k % 4] >> (k / 16 * 4) & 15;
                        products += (quant | FifthBit(panel, row, k) << 4) * (sbyte)x[k];
                    }

                    int bias = *(int*)(x + 32);
                    float value = TFormat.HasMinimum
                        ? products * HalfBits.Load(panel + 2 * row) + bias * -0.125f * HalfBits.Load(panel + MinimumOffset + 2 * row)
                        : (products + (TFormat.HasFifthBits ? 2 * bias : bias)) * HalfBits.Load(panel + 2 * row);
                    sums[token * PanelRows.Count + row] += value * activationScale;
                }
            }
        }
    }
}
