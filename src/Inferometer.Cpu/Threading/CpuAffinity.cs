using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Threading;

/// <summary>Which processors the process may use, and binding a thread to one of them (Linux; elsewhere nothing is bound).</summary>
public static unsafe partial class CpuAffinity
{
    private const int MaskWords = 16; // 1024 processors, the size of the C library's cpu_set_t

    /// <summary>Numbers of the processors the current thread may run on; on other systems than Linux simply 0 to count - 1.</summary>
    public static int[] AllowedProcessors()
    {
        if (OperatingSystem.IsLinux())
        {
            ulong* mask = stackalloc ulong[MaskWords];
            if (GetAffinity(0, MaskWords * sizeof(ulong), mask) >= 0)
            {
                return [.. Enumerable.Range(0, MaskWords * 64).Where(new ProcessorMask(mask).Contains)];
            }
        }

        return [.. Enumerable.Range(0, Environment.ProcessorCount)];
    }

    /// <summary>Binds the calling thread to one processor. Returns false where the system refuses or does not offer it.</summary>
    public static bool TryBindCurrentThread(int processor)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(processor);
        if (!OperatingSystem.IsLinux() || processor >= MaskWords * 64)
        {
            return false;
        }

        ulong* mask = stackalloc ulong[MaskWords];
        mask[processor / 64] = 1ul << (processor % 64);
        return SetAffinity(0, MaskWords * sizeof(ulong), mask) == 0;
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int threadId, nint maskBytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int threadId, nint maskBytes, ulong* mask);

    private readonly struct ProcessorMask(ulong* words)
    {
        public bool Contains(int processor) => (words[processor / 64] >> (processor % 64) & 1) != 0;
    }
}
