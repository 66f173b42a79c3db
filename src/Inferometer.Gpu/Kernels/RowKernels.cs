using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>What is done to rows of the residual stream and to rows of logits, a group of threads for each.</summary>
internal static class RowKernels
{
    /// <summary>The change joins the residual stream, normed first where there is a norm for it; then the row is normed, and rounded where
    /// it will meet quantised weights.</summary>
    public static void JoinAndNorm<TLanes>(NormArguments arguments)
        where TLanes : struct, ILanes
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(Reductions.MaxWarps);
        JoinAndNormRow<TLanes>(arguments, arguments.HasMap != 0 ? arguments.Map[Grid.IdxX] : Grid.IdxX, Grid.IdxX, shared);
    }

    /// <summary>The same of one row. In all threads of a group.</summary>
    /// <param name="arguments">What is read and written.</param>
    /// <param name="row">Row of the residual stream.</param>
    /// <param name="target">Row of what is given.</param>
    /// <param name="shared">Room for <see cref="Reductions.MaxWarps"/> numbers.</param>
    internal static void JoinAndNormRow<TLanes>(NormArguments arguments, int row, int target, ArrayView<float> shared)
        where TLanes : struct, ILanes
    {
        int width = arguments.Width;
        long source = (long)row * width, to = (long)target * width;
        float factor = arguments.ResidualScale;
        if (arguments.HasPostNorm != 0)
        {
            float squares = 0;
            for (int i = Group.IdxX; i < width; i += Group.DimX)
            {
                float value = arguments.Change[source + i];
                squares += value * value;
            }

            factor *= DeviceMath.ReciprocalSqrt((Reductions.GroupSum<TLanes>(squares, shared) / width) + arguments.Epsilon);
        }

        float sum = 0;
        for (int i = Group.IdxX; i < width; i += Group.DimX)
        {
            float value = arguments.Residual[source + i];
            if (arguments.HasChange != 0)
            {
                float change = arguments.Change[source + i] * factor;
                value += arguments.HasPostNorm != 0 ? change * arguments.PostWeight[i] : change;
                arguments.Residual[source + i] = value;
            }

            sum += value * value;
        }

        float scale = DeviceMath.ReciprocalSqrt((Reductions.GroupSum<TLanes>(sum, shared) / width) + arguments.Epsilon);
        for (int i = Group.IdxX; i < width; i += Group.DimX)
        {
            float value = arguments.Residual[source + i];
            arguments.Output[to + i] = arguments.HasNorm != 0 ? value * scale * arguments.Weight[i] : value;
        }

        if (arguments.Rounds != 0)
        {
            Group.Barrier();
            for (int block = Group.IdxX; block < width / QuantBlock.Width; block += Group.DimX)
            {
                Round(arguments.Output, arguments.Quants, arguments.Scales, (to / QuantBlock.Width) + block);
            }
        }
    }

    /// <summary>Rounds rows to 8 bits: a thread for each block of 32.</summary>
    public static void Quantise(ArrayView<float> values, ArrayView<int> quants, ArrayView<ActivationScale> scales, int blocks)
    {
        int block = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (block < blocks)
        {
            Round(values, quants, scales, block);
        }
    }

    /// <summary>gate = f(gate) up.</summary>
    public static void Activate(ArrayView<float> gate, ArrayView<float> up, long count, int activation)
    {
        long at = ((long)Grid.IdxX * Group.DimX) + Group.IdxX;
        if (at < count)
        {
            gate[at] = Activations.Gated(activation, gate[at], up[at]);
        }
    }

    /// <summary>values = values scale, and under a cap.</summary>
    public static void FinishLogits(ArrayView<float> values, long count, float scale, float cap)
    {
        long at = ((long)Grid.IdxX * Group.DimX) + Group.IdxX;
        if (at < count)
        {
            float value = values[at] * scale;
            values[at] = cap > 0 ? cap * DeviceMath.Tanh(value / cap) : value;
        }
    }

    /// <summary>The first of the greatest of each row; -1 where a number is not one or infinite above, or all are infinite below.</summary>
    public static void Best<TLanes>(ArrayView<float> logits, int width, ArrayView<int> best)
        where TLanes : struct, ILanes
    {
        ArrayView<float> values = SharedMemory.Allocate<float>(Reductions.MaxWarps);
        ArrayView<int> places = SharedMemory.Allocate<int>(Reductions.MaxWarps);
        long start = (long)Grid.IdxX * width;
        float greatest = float.NegativeInfinity;
        int place = -1;
        for (int i = Group.IdxX; i < width; i += Group.DimX)
        {
            float value = logits[start + i];
            value = value < float.PositiveInfinity ? value : float.PositiveInfinity; // of a number that is none, too
            if (value > greatest)
            {
                (greatest, place) = (value, i);
            }
        }

        for (int distance = TLanes.Count / 2; distance > 0; distance /= 2)
        {
            float otherValue = Warp.ShuffleXor(greatest, distance);
            int otherPlace = Warp.ShuffleXor(place, distance);
            if (otherValue > greatest || (otherValue == greatest && (uint)otherPlace < (uint)place))
            {
                (greatest, place) = (otherValue, otherPlace);
            }
        }

        int warps = Group.DimX / TLanes.Count;
        if (Group.IdxX % TLanes.Count == 0)
        {
            values[Group.IdxX / TLanes.Count] = greatest;
            places[Group.IdxX / TLanes.Count] = place;
        }

        Group.Barrier();
        if (Group.IdxX != 0)
        {
            return;
        }

        for (int warp = 1; warp < warps; warp++)
        {
            if (values[warp] > greatest || (values[warp] == greatest && (uint)places[warp] < (uint)place))
            {
                (greatest, place) = (values[warp], places[warp]);
            }
        }

        best[Grid.IdxX] = greatest < float.PositiveInfinity ? place : -1;
    }

    /// <summary>The experts of a token and their shares from the scores of its router, experts in rising order. A thread each.</summary>
    public static void Route(RouteArguments arguments)
    {
        int token = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (token >= arguments.Tokens)
        {
            return;
        }

        int count = arguments.Experts, choices = arguments.Choices;
        long start = (long)token * count, first = (long)token * choices;
        float top = float.NegativeInfinity, sum = 0;
        for (int i = 0; i < count; i++)
        {
            top = IntrinsicMath.Max(top, arguments.Scores[start + i]);
        }

        for (int i = 0; i < count; i++)
        {
            float score = arguments.Scores[start + i];
            float value = arguments.IsSigmoid != 0 ? 1 / (1 + DeviceMath.Exp(-score)) : DeviceMath.Exp(score - top);
            arguments.Scores[start + i] = value;
            sum += value;
        }

        float share = arguments.IsSigmoid != 0 ? 1 : 1 / sum, chosen = 0;
        float lastRank = float.PositiveInfinity;
        int lastExpert = -1;
        for (int choice = 0; choice < choices; choice++)
        {
            // The next below the last one; of equal ones that of the lower number.
            float bestRank = float.NegativeInfinity;
            int best = -1;
            for (int i = 0; i < count; i++)
            {
                float rank = (arguments.Scores[start + i] * share) + (arguments.HasCorrection != 0 ? arguments.Correction[i] : 0);
                bool isLeft = rank < lastRank || (rank == lastRank && i > lastExpert);
                if (isLeft && (best < 0 || rank > bestRank))
                {
                    (bestRank, best) = (rank, i);
                }
            }

            // A number that is not one is below nothing: any expert does, the row is lost.
            best = best < 0 ? choice : best;
            (lastRank, lastExpert) = (bestRank, best);
            float probability = arguments.Scores[start + best] * share;
            chosen += probability;
            int place = choice;
            while (place > 0 && arguments.Chosen[first + place - 1] > best)
            {
                arguments.Chosen[first + place] = arguments.Chosen[first + place - 1];
                arguments.Shares[first + place] = arguments.Shares[first + place - 1];
                place--;
            }

            arguments.Chosen[first + place] = best;
            arguments.Shares[first + place] = probability;
        }

        float factor = arguments.Normalises != 0 && chosen > 1e-20f ? arguments.Scale / chosen : arguments.Scale;
        for (int choice = 0; choice < choices; choice++)
        {
            arguments.Shares[first + choice] *= factor;
        }
    }

    /// <summary>Rows times the sigmoid of a number each: the gate of a shared expert.</summary>
    public static void GateRows(ArrayView<float> rows, ArrayView<float> gates, int width)
    {
        float open = 1 / (1 + DeviceMath.Exp(-gates[Grid.IdxX]));
        for (int i = Group.IdxX; i < width; i += Group.DimX)
        {
            rows[((long)Grid.IdxX * width) + i] *= open;
        }
    }

    /// <summary>Rounds one block of 32, all threads of a warp together.</summary>
    internal static void Round<TLanes>(
        ArrayView<float> values, ArrayView<int> quants, ArrayView<ActivationScale> scales, long block, int lane)
        where TLanes : struct, ILanes
    {
        long start = block * QuantBlock.Width;
        float largest = 0;
        for (int i = lane; i < QuantBlock.Width; i += TLanes.Count)
        {
            largest = IntrinsicMath.Max(largest, IntrinsicMath.Abs(values[start + i]));
        }

        float scale = Reductions.WarpMax<TLanes>(largest) / 127, inverse = scale > 0 ? 1 / scale : 0;
        int sum = 0;
        for (int word = lane; word < QuantBlock.Width / 4; word += TLanes.Count)
        {
            int packed = 0;
            for (int i = 0; i < 4; i++)
            {
                int q = Nearest(values[start + (4 * word) + i] * inverse);
                sum += q;
                packed |= (q & 0xFF) << (8 * i);
            }

            quants[(block * (QuantBlock.Width / 4)) + word] = packed;
        }

        float all = Reductions.WarpSum<TLanes>(sum); // whole numbers, and small ones
        if (lane == 0)
        {
            scales[block] = new ActivationScale { Scale = scale, Sum = scale * all };
        }
    }

    private static void Round(ArrayView<float> values, ArrayView<int> quants, ArrayView<ActivationScale> scales, long block)
    {
        long start = block * QuantBlock.Width;
        float largest = 0;
        for (int i = 0; i < QuantBlock.Width; i++)
        {
            largest = IntrinsicMath.Max(largest, IntrinsicMath.Abs(values[start + i]));
        }

        float scale = largest / 127, inverse = scale > 0 ? 1 / scale : 0;
        int sum = 0;
        for (int word = 0; word < QuantBlock.Width / 4; word++)
        {
            int packed = 0;
            for (int i = 0; i < 4; i++)
            {
                int q = Nearest(values[start + (4 * word) + i] * inverse);
                sum += q;
                packed |= (q & 0xFF) << (8 * i);
            }

            quants[(block * (QuantBlock.Width / 4)) + word] = packed;
        }

        scales[block] = new ActivationScale { Scale = scale, Sum = scale * sum };
    }

    /// <summary>
    /// To the even one of two as near, as processors round: with 1.5 x 2^23 added there is no room for a fraction. Below 2^22.
    /// </summary>
    internal static int Nearest(float value) => (int)Interop.FloatAsInt(value + 12582912f) - 0x4B400000;
}
