using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>
/// The most probable tokens of rows of logits, found in two passes over a row. The first finds the greatest of each of
/// <see cref="Stretches"/> stretches; the <see cref="Count"/>-th of those is a threshold that at least as many tokens reach, and seldom
/// many more. The second collects these, and sums up what a sampler needs of all tokens.
/// </summary>
internal static class CandidateKernels
{
    /// <summary>Most candidates of a row.</summary>
    public const int Count = 256;

    /// <summary>Numbers that a row gives: how many candidates, two masses, their tokens, their logits.</summary>
    public const int RowNumbers = TokensAt + (2 * Count);

    /// <summary>Where a row's number of candidates is; 0 where nobody wants them, or too many reach the threshold.</summary>
    public const int CountAt = 0;

    /// <summary>Where the bits of the mass are.</summary>
    public const int MassAt = 1;

    /// <summary>Where the bits of the mass without temperature are.</summary>
    public const int PlainMassAt = 2;

    /// <summary>Where tokens are, rising; their logits are <see cref="Count"/> numbers behind.</summary>
    public const int TokensAt = 3;

    /// <summary>Stretches of a row: tokens that leave the same rest.</summary>
    public const int Stretches = 1024;

    private const int Room = 1024;

    /// <summary>Finds the candidates of rows that want them. A group has a row.</summary>
    /// <param name="logits">[rows][width].</param>
    /// <param name="width">Tokens.</param>
    /// <param name="temperatures">Of each row, what logits are divided by in the mass; 0 where nobody wants candidates.</param>
    /// <param name="output">[rows][<see cref="RowNumbers"/>].</param>
    public static void Find<TLanes>(ArrayView<float> logits, int width, ArrayView<float> temperatures, ArrayView<int> output)
        where TLanes : struct, ILanes
    {
        ArrayView<float> tops = SharedMemory.Allocate<float>(Stretches);
        ArrayView<float> values = SharedMemory.Allocate<float>(Room);
        ArrayView<int> tokens = SharedMemory.Allocate<int>(Room);
        ArrayView<int> ranks = SharedMemory.Allocate<int>(Room);
        ArrayView<float> sums = SharedMemory.Allocate<float>(Reductions.MaxWarps);
        ArrayView<float> bounds = SharedMemory.Allocate<float>(2);
        ArrayView<int> found = SharedMemory.Allocate<int>(1);
        long start = (long)Grid.IdxX * width, target = (long)Grid.IdxX * RowNumbers;
        float temperature = temperatures[Grid.IdxX];
        if (temperature <= 0)
        {
            output[target + CountAt] = 0;
            return;
        }

        if (Group.IdxX == 0)
        {
            found[0] = 0;
        }

        for (int stretch = Group.IdxX; stretch < Stretches; stretch += Group.DimX)
        {
            float greatest = float.NegativeInfinity;
            for (int i = stretch; i < width; i += Stretches)
            {
                greatest = IntrinsicMath.Max(greatest, logits[start + i]);
            }

            tops[stretch] = greatest;
        }

        Group.Barrier();
        for (int stretch = Group.IdxX; stretch < Stretches; stretch += Group.DimX)
        {
            float value = tops[stretch];
            int rank = 0;
            for (int i = 0; i < Stretches; i++)
            {
                rank += tops[i] > value || (tops[i] == value && i < stretch) ? 1 : 0;
            }

            if (rank == 0)
            {
                bounds[0] = value;
            }

            if (rank == Count - 1)
            {
                bounds[1] = value;
            }
        }

        Group.Barrier();
        float top = bounds[0], threshold = bounds[1], inverse = 1 / temperature;

        // What a sum has lost to rounding is added with the next number: vocabularies are long.
        float mass = 0, massLost = 0, plain = 0, plainLost = 0;
        for (int i = Group.IdxX; i < width; i += Group.DimX)
        {
            float value = logits[start + i], below = value - top;
            float share = DeviceMath.Exp(below * inverse) - massLost, sum = mass + share;
            (massLost, mass) = (sum - mass - share, sum);
            share = DeviceMath.Exp(below) - plainLost;
            sum = plain + share;
            (plainLost, plain) = (sum - plain - share, sum);
            if (value >= threshold && value > float.NegativeInfinity)
            {
                int place = Atomic.Add(ref found[0], 1);
                if (place < Room)
                {
                    values[place] = value;
                    tokens[place] = i;
                }
            }
        }

        mass = Reductions.GroupSum<TLanes>(mass, sums);
        plain = Reductions.GroupSum<TLanes>(plain, sums);
        Group.Barrier();
        int all = found[0] <= Room ? found[0] : 0;
        for (int i = Group.IdxX; i < all; i += Group.DimX)
        {
            int rank = 0;
            for (int other = 0; other < all; other++)
            {
                rank += values[other] > values[i] || (values[other] == values[i] && tokens[other] < tokens[i]) ? 1 : 0;
            }

            ranks[i] = rank;
        }

        Group.Barrier();
        for (int i = Group.IdxX; i < all; i += Group.DimX)
        {
            if (ranks[i] >= Count)
            {
                continue;
            }

            int place = 0;
            for (int other = 0; other < all; other++)
            {
                place += ranks[other] < Count && tokens[other] < tokens[i] ? 1 : 0;
            }

            output[target + TokensAt + place] = tokens[i];
            output[target + TokensAt + Count + place] = (int)Interop.FloatAsInt(values[i]);
        }

        if (Group.IdxX == 0)
        {
            output[target + CountAt] = IntrinsicMath.Min(all, Count);
            output[target + MassAt] = (int)Interop.FloatAsInt(mass);
            output[target + PlainMassAt] = (int)Interop.FloatAsInt(plain);
        }
    }
}
