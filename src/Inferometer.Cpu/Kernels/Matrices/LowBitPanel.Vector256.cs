using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

internal readonly unsafe partial struct LowBitPanel<TFormat>
{
    /// <summary>As <see cref="Products512"/>, for rows 0 to 7 or 8 to 15 and two groups at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products256(byte* panel, byte* x, int tokens, int* products, int half)
    {
        TwoRuns256<FirstRuns>(panel, x, tokens, products, half);
        TwoRuns256<SecondRuns>(panel, x, tokens, products, half);
    }

    // Not inlined, since the compiler's allowance of inlined calls would not do for both; so shifts are by constants.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TwoRuns256<TRuns>(byte* panel, byte* x, int tokens, int* products, int half)
        where TRuns : struct
    {
        bool isSecond = typeof(TRuns) == typeof(SecondRuns);
        for (int part = 0; part < 4; part++)
        {
            byte* quants = panel + PartOffset + part * PartBytes + 32 * half;
            if (half == 0)
            {
                PanelPrefetch.Ahead(panel + (2 * part + (isSecond ? 1 : 0)) * (BlockBytes / 8), BlockBytes / 8);
            }

            Vector256<ushort> v0 = Vector256.Load(quants).AsUInt16(), v1 = Vector256.Load(quants + 64).AsUInt16(),
                v2 = Vector256.Load(quants + 128).AsUInt16(), v3 = Vector256.Load(quants + 192).AsUInt16();
            Vector256<byte> a0 = LowBits256(isSecond ? v0 >> 4 : v0), b0 = LowBits256(isSecond ? v0 >> 6 : v0 >> 2);
            Vector256<byte> a1 = LowBits256(isSecond ? v1 >> 4 : v1), b1 = LowBits256(isSecond ? v1 >> 6 : v1 >> 2);
            Vector256<byte> a2 = LowBits256(isSecond ? v2 >> 4 : v2), b2 = LowBits256(isSecond ? v2 >> 6 : v2 >> 2);
            Vector256<byte> a3 = LowBits256(isSecond ? v3 >> 4 : v3), b3 = LowBits256(isSecond ? v3 >> 6 : v3 >> 2);
            if (TFormat.HasThirdBits)
            {
                // The bits of this half are shifted down to the first four.
                byte* bits = panel + ThirdOffset + (part & 1) * PartBytes + 32 * half;
                Vector128<ushort> shift = Vector128.CreateScalar((ulong)((part >> 1) * 4)).AsUInt16();
                AddThirdBits256<TRuns>(bits, shift, ref a0, ref b0);
                AddThirdBits256<TRuns>(bits + 64, shift, ref a1, ref b1);
                AddThirdBits256<TRuns>(bits + 128, shift, ref a2, ref b2);
                AddThirdBits256<TRuns>(bits + 192, shift, ref a3, ref b3);
            }

            int group = ((part >> 1) << 3) + (part & 1) + (isSecond ? 4 : 0);
            byte* scales = panel + ScaleOffset + 16 * group + 8 * half;
            Vector256<short> s0 = Scales256(scales), s1 = Scales256(scales + 32);
            byte* activations = x + 16 * group;
            long toSums = Int8Activations.PairSumOffset256 - 12 * group;
            bool isFirst = !isSecond && part == 0;
            int* target = products + 8 * half;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)activations;
                Vector256<short> a = Pairs256(a0, q[0]), b = Pairs256(b0, q[8]);
                a += Pairs256(a1, q[1]);
                b += Pairs256(b1, q[9]);
                a += Pairs256(a2, q[2]);
                b += Pairs256(b2, q[10]);
                a += Pairs256(a3, q[3]);
                b += Pairs256(b3, q[11]);
                if (TFormat.HasThirdBits)
                {
                    int* start = (int*)(activations + toSums);
                    a += Vector256.Create(start[0]).AsInt16() >> 3;
                    b += Vector256.Create(start[2]).AsInt16() >> 3;
                }

                Vector256<int> sum = Avx2.MultiplyAddAdjacent(a, s0) + Avx2.MultiplyAddAdjacent(b, s1);
                (isFirst ? sum : sum + Vector256.Load(target)).Store(target);
                activations += Int8Activations.BlockBytes256;
                target += PanelRows.Count;
            }
        }
    }

    /// <summary>
    /// One token, in the order of <see cref="SixBitScalePanel{TFormat}"/>; minima go straight from their bytes into the products of groups,
    /// where for several tokens they are laid ready first.
    /// </summary>
    /// <param name="panel">A block of a panel.</param>
    /// <param name="x">The token's activations.</param>
    /// <param name="groups">Place for the sums of activations of 16 groups, two bytes each.</param>
    /// <param name="sums">What is added to, [16 rows].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyOne256(byte* panel, byte* x, int* groups, float* sums)
    {
        bool ahead = PanelPrefetch.Helps(1);
        Vector256<int> first = default, second = default;
        for (int part = 0; part < 4; part++)
        {
            if (ahead)
            {
                PanelPrefetch.Ahead(panel + part * (BlockBytes / 4), BlockBytes / 4);
            }

            first += PartOfOne256(panel, x, part, 0);
            second += PartOfOne256(panel, x, part, 1);
        }

        Vector256<float> scale = Vector256.Create(*(float*)(x + Int8Activations.ScaleOffset256));
        if (!TFormat.HasThirdBits)
        {
            short* pairs = (short*)(x + Int8Activations.PairSumOffset256);
            Avx2.HorizontalAdd(Vector256.Load(pairs) >> 5, Vector256.Load(pairs + 16) >> 5).AsInt32().Store(groups);
            Vector256<int> low = default, high = default;
            byte* scales = panel + ScaleOffset; // in the order of the sums, as in AddSums256
            AddMinima256(scales, groups[0], ref low, ref high);
            AddMinima256(scales + 32, groups[1], ref low, ref high);
            AddMinima256(scales + 128, groups[2], ref low, ref high);
            AddMinima256(scales + 160, groups[3], ref low, ref high);
            AddMinima256(scales + 64, groups[4], ref low, ref high);
            AddMinima256(scales + 96, groups[5], ref low, ref high);
            AddMinima256(scales + 192, groups[6], ref low, ref high);
            AddMinima256(scales + 224, groups[7], ref low, ref high);
            PanelScale.Add(low, HalfBits.Load256((ushort*)(panel + MinimumOffset)) * scale, sums);
            PanelScale.Add(high, HalfBits.Load256((ushort*)(panel + MinimumOffset) + 8) * scale, sums + 8);
        }

        PanelScale.Add(first, HalfBits.Load256((ushort*)panel) * scale, sums);
        PanelScale.Add(second, HalfBits.Load256((ushort*)panel + 8) * scale, sums + 8);
    }

    /// <summary>Minima of two groups of 16 rows, the upper halves of bytes, times the sums of activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddMinima256(byte* scales, int twoSums, ref Vector256<int> low, ref Vector256<int> high)
    {
        Vector128<byte> one = Vector128.Load(scales), other = Vector128.Load(scales + 16);
        Vector256<short> sums = Vector256.Create(twoSums).AsInt16();
        low += Avx2.MultiplyAddAdjacent(Upper(Sse2.UnpackLow(one, other)), sums);
        high += Avx2.MultiplyAddAdjacent(Upper(Sse2.UnpackHigh(one, other)), sums);

        static Vector256<short> Upper(Vector128<byte> pairs) => Avx2.ConvertToVector256Int16(pairs >>> 4);
    }

    /// <summary>Four groups of eight rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<int> PartOfOne256(byte* panel, byte* x, int part, int half)
    {
        byte* quants = panel + PartOffset + part * PartBytes + 32 * half;
        Vector256<ushort> v0 = Vector256.Load((ushort*)quants), v1 = Vector256.Load((ushort*)(quants + 64)),
            v2 = Vector256.Load((ushort*)(quants + 128)), v3 = Vector256.Load((ushort*)(quants + 192));
        Vector256<ushort> t0 = default, t1 = default, t2 = default, t3 = default;
        if (TFormat.HasThirdBits)
        {
            byte* bits = panel + ThirdOffset + (part & 1) * PartBytes + 32 * half;
            Vector128<ushort> shift = Vector128.CreateScalar((ulong)((part >> 1) * 4)).AsUInt16();
            t0 = Avx2.ShiftRightLogical(Vector256.Load((ushort*)bits), shift);
            t1 = Avx2.ShiftRightLogical(Vector256.Load((ushort*)(bits + 64)), shift);
            t2 = Avx2.ShiftRightLogical(Vector256.Load((ushort*)(bits + 128)), shift);
            t3 = Avx2.ShiftRightLogical(Vector256.Load((ushort*)(bits + 192)), shift);
        }

        int group = ((part >> 1) << 3) + (part & 1);
        byte* scales = panel + ScaleOffset + 16 * group + 8 * half;
        int* q = (int*)(x + 16 * group), start = (int*)(x + Int8Activations.PairSumOffset256) + group;
        Vector256<short> a = RunOfOne256(v0, v1, v2, v3, t0 << 2, t1 << 2, t2 << 2, t3 << 2, q, start);
        Vector256<short> b = RunOfOne256(v0 >> 2, v1 >> 2, v2 >> 2, v3 >> 2, t0 << 1, t1 << 1, t2 << 1, t3 << 1, q + 8, start + 2);
        Vector256<int> sum = Avx2.MultiplyAddAdjacent(a, Scales256(scales)) + Avx2.MultiplyAddAdjacent(b, Scales256(scales + 32));
        a = RunOfOne256(v0 >> 4, v1 >> 4, v2 >> 4, v3 >> 4, t0, t1, t2, t3, q + 16, start + 4);
        b = RunOfOne256(v0 >> 6, v1 >> 6, v2 >> 6, v3 >> 6, t0 >> 1, t1 >> 1, t2 >> 1, t3 >> 1, q + 24, start + 6);
        return sum + Avx2.MultiplyAddAdjacent(a, Scales256(scales + 64)) + Avx2.MultiplyAddAdjacent(b, Scales256(scales + 96));
    }

    /// <summary>The pairs of one group of 16 columns, whose bits were shifted to their places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> RunOfOne256(
        Vector256<ushort> v0, Vector256<ushort> v1, Vector256<ushort> v2, Vector256<ushort> v3, Vector256<ushort> t0, Vector256<ushort> t1,
        Vector256<ushort> t2, Vector256<ushort> t3, int* q, int* start)
    {
        Vector256<byte> third = Vector256.Create((byte)4);
        if (!TFormat.HasThirdBits)
        {
            return Pairs256(LowBits256(v0), q[0]) + Pairs256(LowBits256(v1), q[1])
                + (Pairs256(LowBits256(v2), q[2]) + Pairs256(LowBits256(v3), q[3]));
        }

        Vector256<short> pairs = Vector256.Create(start[0]).AsInt16() >> 3;
        pairs += Pairs256(LowBits256(v0) | (t0.AsByte() & third), q[0]) + Pairs256(LowBits256(v1) | (t1.AsByte() & third), q[1]);
        return pairs + (Pairs256(LowBits256(v2) | (t2.AsByte() & third), q[2]) + Pairs256(LowBits256(v3) | (t3.AsByte() & third), q[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> LowBits256(Vector256<ushort> bits) => bits.AsByte() & Vector256.Create((byte)3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddThirdBits256<TRuns>(byte* source, Vector128<ushort> shift, ref Vector256<byte> a, ref Vector256<byte> b)
        where TRuns : struct
    {
        bool isSecond = typeof(TRuns) == typeof(SecondRuns);
        Vector256<byte> third = Vector256.Create((byte)4);
        Vector256<ushort> bits = Avx2.ShiftRightLogical(Vector256.Load(source).AsUInt16(), shift);
        a |= (isSecond ? bits : bits << 2).AsByte() & third;
        b |= (isSecond ? bits >> 1 : bits << 1).AsByte() & third;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs256(Vector256<byte> weights, int four) =>
        Avx2.MultiplyAddAdjacent(weights, Vector256.Create(four).AsSByte());

    /// <summary>As <see cref="AddSums512"/>, for rows 0 to 7 or 8 to 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSums256(byte* panel, byte* x, int tokens, int* products, float* sums, int half)
    {
        Vector256<float> d = HalfBits.Load256((ushort*)panel + 8 * half), e = default;
        Vector256<ushort>* minima = stackalloc Vector256<ushort>[8];
        int* groups = stackalloc int[8];
        if (!TFormat.HasThirdBits)
        {
            e = HalfBits.Load256((ushort*)(panel + MinimumOffset) + 8 * half);
            for (int i = 0; i < 8; i++)
            {
                // Of two groups side by side, in the order in which their sums come out below: 0, 2, 8, 10, 4, 6, 12, 14.
                byte* scales = panel + ScaleOffset + 32 * (i % 2 + (i & 2) * 2 + i / 4 * 2) + 8 * half;
                Vector256<int> first = Avx2.ConvertToVector256Int32(scales), second = Avx2.ConvertToVector256Int32(scales + 16);
                minima[i] = (first | (second << 16)).AsUInt16() >> 4;
            }
        }

        products += 8 * half;
        sums += 8 * half;
        for (int token = 0; token < tokens; token++)
        {
            Vector256<float> scale = Vector256.Create(*(float*)(x + Int8Activations.ScaleOffset256));
            if (!TFormat.HasThirdBits)
            {
                // -32 times the sums of every other pair: together they are those of the groups.
                short* pairs = (short*)(x + Int8Activations.PairSumOffset256);
                Avx2.HorizontalAdd(Vector256.Load(pairs) >> 5, Vector256.Load(pairs + 16) >> 5).AsInt32().Store(groups);
                Vector256<int> a = Vector256<int>.Zero, b = a;
                for (int i = 0; i < 8; i += 2)
                {
                    a += Avx2.MultiplyAddAdjacent(minima[i].AsInt16(), Vector256.Create(groups[i]).AsInt16());
                    b += Avx2.MultiplyAddAdjacent(minima[i + 1].AsInt16(), Vector256.Create(groups[i + 1]).AsInt16());
                }

                PanelScale.Add(a + b, e * scale, sums);
            }

            PanelScale.Add(Vector256.Load(products), d * scale, sums);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
            sums += PanelRows.Count;
        }
    }

    /// <summary>The scales of eight rows, each as two equal 16-bit numbers in a 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Scales256(byte* source) => TFormat.HasThirdBits
        ? RowBytes256.TwiceSigned(source)
        : RowBytes256.Twice(source) & Vector256.Create((short)15);
}
