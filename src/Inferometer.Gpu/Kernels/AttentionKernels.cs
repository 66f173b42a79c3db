using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>
/// Attention over a paged cache of keys and values. A warp has one head of one token, or a part of its context.
/// </summary>
internal static class AttentionKernels
{
    /// <summary>Tokens of a page.</summary>
    public const int PageTokens = 16;

    /// <summary>Widest head.</summary>
    public const int MaxWidth = 256;

    /// <summary>Most warps of a group of <see cref="Attend"/>: each has shared memory of its own.</summary>
    public const int MaxWarps = 4;

    private const int MaxLanes = 32;
    private const int WarpRoom = (2 * MaxWidth) + MaxLanes;

    /// <summary>Norms and rotates queries and keys, and writes keys and values to the cache.</summary>
    public static void Store<TLanes, TPages>(AttentionArguments attention, RotaryArguments rotary)
        where TLanes : struct, ILanes
        where TPages : struct, IKvPages
    {
        int item = (Grid.IdxX * (Group.DimX / TLanes.Count)) + (Group.IdxX / TLanes.Count);
        if (item < attention.Tokens * (attention.Heads + (2 * attention.KvHeads)))
        {
            StoreHead<TLanes, TPages>(attention, rotary, item, Group.IdxX % TLanes.Count);
        }
    }

    /// <summary>The same of one head of one token. In all threads of a warp.</summary>
    /// <param name="attention">The layer.</param>
    /// <param name="rotary">How heads are normed and rotated.</param>
    /// <param name="item">The head's number, queries, keys and values of a token before those of the next.</param>
    /// <param name="lane">The thread's place in the warp.</param>
    internal static void StoreHead<TLanes, TPages>(AttentionArguments attention, RotaryArguments rotary, int item, int lane)
        where TLanes : struct, ILanes
        where TPages : struct, IKvPages
    {
        int all = attention.Heads + (2 * attention.KvHeads), token = item / all, head = item % all, width = attention.Width;
        long start = (long)item * width;
        int kind = head < attention.Heads ? 0 : head < attention.Heads + attention.KvHeads ? 1 : 2;
        int kvHead = kind == 0 ? 0 : head - attention.Heads - ((kind - 1) * attention.KvHeads);
        int slot = attention.Slots[token];
        long cell = (((long)(slot / PageTokens) * attention.KvHeads) + kvHead) * PageTokens + (slot % PageTokens), place = cell * width;
        if (kind == 2)
        {
            if (TPages.AreRounded)
            {
                Round<TLanes>(attention.Inputs, start, attention.Values, attention.ValueScales, cell, width, lane);
                return;
            }

            for (int i = lane; i < width; i += TLanes.Count)
            {
                attention.Values[place + i] = DeviceMath.FloatToHalf(attention.Inputs[start + i]);
            }

            return;
        }

        float scale = 1;
        if (rotary.HasNorm != 0)
        {
            float squares = 0;
            for (int i = lane; i < width; i += TLanes.Count)
            {
                float value = attention.Inputs[start + i];
                squares += value * value;
            }

            scale = DeviceMath.ReciprocalSqrt((Reductions.WarpSum<TLanes>(squares) / width) + rotary.Epsilon);
        }

        // A thread has both channels of a pair, so that nobody reads what another has written.
        int pairs = rotary.Pairs;
        for (int i = lane; i < width - pairs; i += TLanes.Count)
        {
            bool isPair = i < pairs;
            int first = !isPair ? i + pairs : rotary.AreNeighbours != 0 ? 2 * i : i;
            int second = !isPair ? first : rotary.AreNeighbours != 0 ? first + 1 : i + pairs;
            float x = Normed(attention, rotary, kind, start, first, scale), y = Normed(attention, rotary, kind, start, second, scale);
            if (isPair)
            {
                long angle = ((long)token * pairs) + i;
                float cosine = rotary.Cosines[angle], sine = rotary.Sines[angle];
                (x, y) = ((x * cosine) - (y * sine), (y * cosine) + (x * sine));
            }

            if (TPages.AreRounded || kind == 0)
            {
                attention.Inputs[start + first] = x;
                attention.Inputs[start + second] = isPair ? y : x;
            }
            else
            {
                attention.Keys[place + first] = DeviceMath.FloatToHalf(x);
                attention.Keys[place + second] = DeviceMath.FloatToHalf(isPair ? y : x);
            }
        }

        if (TPages.AreRounded && kind == 1)
        {
            Reductions.Meet<TLanes>();
            Round<TLanes>(attention.Inputs, start, attention.Keys, attention.KeyScales, cell, width, lane);
        }
    }

    /// <summary>
    /// softmax(q k) v of one head of one token, over a part of its context: tile by tile as many tokens as a warp has threads, with an
    /// online softmax. Scores: a thread has a token; values: it has some channels. The last part of a head puts all of them together.
    /// </summary>
    public static void Attend<TLanes, TPages>(AttentionArguments attention)
        where TLanes : struct, ILanes
        where TPages : struct, IKvPages
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(MaxWarps * WarpRoom);
        int lane = Group.IdxX % TLanes.Count, warp = Group.IdxX / TLanes.Count;
        int item = (Grid.IdxX * (Group.DimX / TLanes.Count)) + warp, split = Grid.IdxY;
        if (item >= attention.Tokens * attention.Heads)
        {
            return;
        }

        int token = item / attention.Heads, head = item % attention.Heads, width = attention.Width;
        int kvHead = head / (attention.Heads / attention.KvHeads);
        int queryAt = warp * WarpRoom, sumAt = queryAt + MaxWidth, shareAt = sumAt + MaxWidth;
        long queryStart = (((long)token * (attention.Heads + (2 * attention.KvHeads))) + head) * width;
        for (int i = lane; i < width; i += TLanes.Count)
        {
            shared[queryAt + i] = attention.Inputs[queryStart + i];
            shared[sumAt + i] = 0;
        }

        Reductions.Meet<TLanes>();
        int position = attention.Positions[token];
        int oldest = attention.Window > 0 ? IntrinsicMath.Max(0, position - attention.Window + 1) : 0;
        int part = PartTokens(position + 1 - oldest, attention.Splits);
        int begin = oldest + (split * part), end = IntrinsicMath.Min(position + 1, begin + part);
        int table = attention.TableStarts[token];
        ArrayView<Int4> keys = attention.Keys.Cast<Int4>();
        ArrayView<Int2> values = attention.Values.Cast<Int2>();
        float top = float.NegativeInfinity, weight = 0;
        for (int tile = begin; tile < end; tile += TLanes.Count)
        {
            int mine = tile + lane;
            float score = float.NegativeInfinity;
            if (mine < end)
            {
                long cell = Cell(attention, table, mine, kvHead);
                score = TPages.Score(keys, attention.KeyScales, cell, shared, queryAt, width) * attention.Scale;
                score = attention.Softcap > 0 ? attention.Softcap * DeviceMath.Tanh(score / attention.Softcap) : score;
            }

            float newTop = IntrinsicMath.Max(top, Reductions.WarpMax<TLanes>(score));
            float share = DeviceMath.Exp(score - newTop), kept = DeviceMath.Exp(top - newTop);
            weight = (weight * kept) + Reductions.WarpSum<TLanes>(share);
            top = newTop;
            shared[shareAt + lane] = share;
            Reductions.Meet<TLanes>();
            int count = IntrinsicMath.Min(TLanes.Count, end - tile);
            for (int four = lane; four < width / 4; four += TLanes.Count)
            {
                int at = sumAt + (4 * four);
                float a = shared[at] * kept, b = shared[at + 1] * kept, c = shared[at + 2] * kept, d = shared[at + 3] * kept;
                for (int i = 0; i < count; i++)
                {
                    Float4 value = TPages.Four(values, attention.ValueScales, Cell(attention, table, tile + i, kvHead), four, width);
                    float p = shared[shareAt + i];
                    a += p * value.X;
                    b += p * value.Y;
                    c += p * value.Z;
                    d += p * value.W;
                }

                shared[at] = a;
                shared[at + 1] = b;
                shared[at + 2] = c;
                shared[at + 3] = d;
            }

            Reductions.Meet<TLanes>();
        }

        long output = (long)item * width;
        if (attention.Splits == 1)
        {
            float scale = Normaliser(attention, head, top, weight);
            for (int i = lane; i < width; i += TLanes.Count)
            {
                attention.Output[output + i] = shared[sumAt + i] * scale;
            }
        }
        else
        {
            long partStart = (((long)item * attention.Splits) + split) * (width + 2);
            for (int i = lane; i < width; i += TLanes.Count)
            {
                attention.Parts[partStart + i] = shared[sumAt + i];
            }

            if (lane == 0)
            {
                attention.Parts[partStart + width] = top;
                attention.Parts[partStart + width + 1] = weight;
            }

            if (!Arrivals.IsLastWarp<TLanes>(attention.Arrivals, item, attention.Splits, lane))
            {
                return;
            }

            Combine<TLanes>(attention, item, lane);
        }

        if (attention.Rounds != 0)
        {
            Reductions.Meet<TLanes>();
            for (int block = 0; block < width / QuantBlock.Width; block++)
            {
                RowKernels.Round<TLanes>(
                    attention.Output, attention.Quants, attention.Scales, (output / QuantBlock.Width) + block, lane);
            }
        }
    }

    // Puts the parts of a head of a token together.
    private static void Combine<TLanes>(AttentionArguments attention, int item, int lane)
        where TLanes : struct, ILanes
    {
        int width = attention.Width, splits = attention.Splits;
        long start = (long)item * splits * (width + 2);
        float top = float.NegativeInfinity, weight = 0;
        for (int split = 0; split < splits; split++)
        {
            top = IntrinsicMath.Max(top, attention.Parts[start + (split * (width + 2)) + width]);
        }

        for (int split = 0; split < splits; split++)
        {
            long at = start + (split * (width + 2)) + width;
            weight += attention.Parts[at + 1] * DeviceMath.Exp(attention.Parts[at] - top);
        }

        float scale = Normaliser(attention, item % attention.Heads, top, weight);
        for (int i = lane; i < width; i += TLanes.Count)
        {
            float sum = 0;
            for (int split = 0; split < splits; split++)
            {
                long at = start + (split * (width + 2));
                sum += attention.Parts[at + i] * DeviceMath.Exp(attention.Parts[at + width] - top);
            }

            attention.Output[((long)item * width) + i] = sum * scale;
        }
    }

    /// <summary>Tokens of each part but the last.</summary>
    public static int PartTokens(int tokens, int splits) => (tokens + splits - 1) / splits;

    private static float Normed(AttentionArguments attention, RotaryArguments rotary, int kind, long start, int channel, float scale)
    {
        float value = attention.Inputs[start + channel];
        return rotary.HasNorm == 0 ? value : value * scale * (kind == 0 ? rotary.QueryNorm[channel] : rotary.KeyNorm[channel]);
    }

    private static float Normaliser(AttentionArguments attention, int head, float top, float weight)
    {
        if (attention.HasSinks == 0)
        {
            return 1 / weight;
        }

        // The sums are relative to the greatest score; where the sink is greater still, to it.
        float sink = attention.Sinks[head], greatest = IntrinsicMath.Max(top, sink), kept = DeviceMath.Exp(top - greatest);
        return kept / ((weight * kept) + DeviceMath.Exp(sink - greatest));
    }

    private static long Cell(AttentionArguments attention, int table, int position, int kvHead)
    {
        int block = attention.Tables[table + (position / PageTokens)];
        return ((((long)block * attention.KvHeads) + kvHead) * PageTokens) + (position % PageTokens);
    }

    // A thread has whole blocks. The scale is the one that is stored, in half precision, so that it rounds once; where that is too small
    // for half precision to be near it, numbers are kept within a byte.
    private static void Round<TLanes>(
        ArrayView<float> inputs, long start, ArrayView<ushort> pages, ArrayView<ushort> scales, long cell, int width, int lane)
        where TLanes : struct, ILanes
    {
        int blocks = width / QuantBlock.Width;
        for (int block = lane; block < blocks; block += TLanes.Count)
        {
            long from = start + (block * QuantBlock.Width), to = ((cell * width) + (block * QuantBlock.Width)) / 2;
            float largest = 0;
            for (int i = 0; i < QuantBlock.Width; i++)
            {
                largest = IntrinsicMath.Max(largest, IntrinsicMath.Abs(inputs[from + i]));
            }

            ushort bits = DeviceMath.FloatToHalf(largest / 127);
            float scale = DeviceMath.HalfToFloat(bits), inverse = scale > 0 ? 1 / scale : 0;
            scales[(cell * blocks) + block] = bits;
            for (int i = 0; i < QuantBlock.Width; i += 2)
            {
                int low = Byte(inputs[from + i] * inverse), high = Byte(inputs[from + i + 1] * inverse);
                pages[to + (i / 2)] = (ushort)((low & 0xFF) | ((high & 0xFF) << 8));
            }
        }
    }

    private static int Byte(float value) => RowKernels.Nearest(IntrinsicMath.Max(-127f, IntrinsicMath.Min(127f, value)));
}
