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

    /// <summary>The system's number of the calling thread; 0 where it has none that <see cref="TryBind"/> takes.</summary>
    internal static int CurrentThread()
    {
        try
        {
            return OperatingSystem.IsLinux() ? ThreadNumber() : 0;
        }
        catch (EntryPointNotFoundException)
        {
            return 0; // a C library from before 2019
        }
    }

    /// <summary>The processor that the calling thread runs on just now; -1 where the system does not say.</summary>
    internal static int CurrentProcessor() => OperatingSystem.IsLinux() ? Processor() : -1;

    /// <summary>Lets a thread run on some processors alone. Returns false where the system refuses.</summary>
    /// <param name="thread">Its number, of <see cref="CurrentThread"/>, above 0.</param>
    /// <param name="processors">The processors; others than <paramref name="but"/> are taken.</param>
    /// <param name="but">One of them that it must not run on; -1 = all may be.</param>
    internal static bool TryBind(int thread, ReadOnlySpan<int> processors, int but = -1)
    {
        ulong* mask = stackalloc ulong[MaskWords];
        new Span<ulong>(mask, MaskWords).Clear();
        foreach (int processor in processors)
        {
            if (processor != but && processor < MaskWords * 64)
            {
                mask[processor / 64] |= 1ul << (processor % 64);
            }
        }

        return thread > 0 && SetAffinity(thread, MaskWords * sizeof(ulong), mask) == 0;
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int ThreadNumber();

    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    private static partial int Processor();

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int threadId, nint maskBytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int threadId, nint maskBytes, ulong* mask);

    private readonly struct ProcessorMask(ulong* words)
    {
        public bool Contains(int processor) => (words[processor / 64] >> (processor % 64) & 1) != 0;
    }
}
