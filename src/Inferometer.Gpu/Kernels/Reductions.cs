using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>Sums and maxima over the threads of a warp or a group.</summary>
internal static class Reductions
{
    /// <summary>Most warps of a group.</summary>
    public const int MaxWarps = 32;

    /// <summary>The sum over a warp, in all its threads.</summary>
    public static float WarpSum<TLanes>(float value)
        where TLanes : struct, ILanes
    {
        for (int distance = TLanes.Count / 2; distance > 0; distance /= 2)
        {
            value += Warp.ShuffleXor(value, distance);
        }

        return value;
    }

    /// <summary>The greatest over a warp, in all its threads.</summary>
    public static float WarpMax<TLanes>(float value)
        where TLanes : struct, ILanes
    {
        for (int distance = TLanes.Count / 2; distance > 0; distance /= 2)
        {
            value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, distance));
        }

        return value;
    }

    /// <summary>What the threads of a warp wrote to memory is there for all of them.</summary>
    public static void Meet<TLanes>()
        where TLanes : struct, ILanes
    {
        if (TLanes.Count > 1)
        {
            Warp.Barrier();
        }
    }

    /// <summary>The sum over a group, in all its threads; all of them must call it.</summary>
    /// <param name="value">This thread's part.</param>
    /// <param name="shared">Room for <see cref="MaxWarps"/> numbers.</param>
    public static float GroupSum<TLanes>(float value, ArrayView<float> shared)
        where TLanes : struct, ILanes
    {
        value = WarpSum<TLanes>(value);
        int warps = Group.DimX / TLanes.Count;
        if (warps == 1)
        {
            return value;
        }

        if (Group.IdxX % TLanes.Count == 0)
        {
            shared[Group.IdxX / TLanes.Count] = value;
        }

        Group.Barrier();
        float sum = 0;
        for (int warp = 0; warp < warps; warp++)
        {
            sum += shared[warp];
        }

        Group.Barrier();
        return sum;
    }
}
