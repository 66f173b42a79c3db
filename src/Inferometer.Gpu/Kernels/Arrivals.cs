using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>
/// Lets the last of several groups or warps go on with what all of them have written, where another launch would wait for them. Each fences
/// what it has written and adds itself to a counter; the last one leaves the counter at zero for the next launch.
/// </summary>
internal static class Arrivals
{
    /// <summary>Whether this group is the last; in all its threads, all of which must call it.</summary>
    /// <param name="counters">Zeros between launches.</param>
    /// <param name="index">The counter of those that belong together.</param>
    /// <param name="count">How many they are.</param>
    /// <param name="shared">Room for one number.</param>
    public static bool IsLastGroup(ArrayView<int> counters, int index, int count, ArrayView<int> shared)
    {
        MemoryFence.DeviceLevel();
        Group.Barrier();
        if (Group.IdxX == 0)
        {
            int before = Atomic.Add(ref counters[index], 1);
            if (before == count - 1)
            {
                counters[index] = 0;
            }

            shared[0] = before;
        }

        Group.Barrier();
        MemoryFence.DeviceLevel();
        return shared[0] == count - 1;
    }

    /// <summary>Whether this warp is the last; in all its threads, all of which must call it.</summary>
    /// <param name="counters">Zeros between launches.</param>
    /// <param name="index">The counter of those that belong together.</param>
    /// <param name="count">How many they are.</param>
    /// <param name="lane">The thread's place in the warp.</param>
    public static bool IsLastWarp<TLanes>(ArrayView<int> counters, int index, int count, int lane)
        where TLanes : struct, ILanes
    {
        MemoryFence.DeviceLevel();
        Reductions.Meet<TLanes>();
        float before = 0;
        if (lane == 0)
        {
            int arrived = Atomic.Add(ref counters[index], 1);
            if (arrived == count - 1)
            {
                counters[index] = 0;
            }

            before = arrived;
        }

        before = Reductions.WarpSum<TLanes>(before);
        MemoryFence.DeviceLevel();
        return before == count - 1;
    }
}
