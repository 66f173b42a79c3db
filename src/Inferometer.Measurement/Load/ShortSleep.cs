using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Inferometer.Measurement.Load;

/// <summary>
/// Sleeps of less than a millisecond, which the runtime's own cannot do: they are rounded up to whole ones. A generator that waits awake
/// instead takes a processor from the service it measures, where both run on one machine.
/// </summary>
internal static unsafe partial class ShortSleep
{
    private const int SetTimerSlack = 29; // PR_SET_TIMERSLACK of linux/prctl.h

    /// <summary>Has sleeps of the calling thread end when they are due; Linux otherwise lets them be 50 us late to save wake-ups.</summary>
    public static void MakeExact()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Control(SetTimerSlack, 1, 0, 0, 0);
        }
    }

    /// <summary>Sleeps. May end early; where the system has no such sleep, waits awake.</summary>
    /// <param name="duration">For how long, above 0.</param>
    public static void For(TimeSpan duration)
    {
        if (OperatingSystem.IsLinux())
        {
            Duration wanted = new()
            {
                Seconds = (nint)(duration.Ticks / TimeSpan.TicksPerSecond),
                Nanoseconds = (nint)(duration.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick),
            };
            _ = NanoSleep(&wanted, null);
            return;
        }

        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < duration;)
        {
            Thread.Yield();
        }
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int NanoSleep(Duration* wanted, Duration* left);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, nuint first, nuint second, nuint third, nuint fourth);

    [StructLayout(LayoutKind.Sequential)]
    private struct Duration
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
