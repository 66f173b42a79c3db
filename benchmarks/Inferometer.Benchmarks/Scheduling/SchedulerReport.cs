using System.Diagnostics;
using System.Globalization;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Benchmarks.Scheduling;

/// <summary>
/// A quick look at <see cref="SchedulerBenchmarks"/>: scheduled tokens a second and bytes a step, best of several windows; and submissions
/// a second into queues of rising length, whose rates would fall in proportion if submitting were quadratic. Verb <c>scheduler-quick</c>.
/// </summary>
internal static class SchedulerReport
{
    private const int Windows = 7;
    private const double SecondsPerWindow = 0.3;

    public static void Run()
    {
        foreach (int batch in (ReadOnlySpan<int>)[1, 32, 256])
        {
            SchedulerBenchmarks benchmark = new() { Batch = batch };
            benchmark.Prepare();
            double best = 0;
            double bytes = double.MaxValue;
            for (int window = 0; window < Windows; window++)
            {
                long tokens = 0;
                long steps = 0;
                long before = GC.GetAllocatedBytesForCurrentThread();
                long start = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(start).TotalSeconds < SecondsPerWindow)
                {
                    for (int i = 0; i < 100; i++)
                    {
                        tokens += benchmark.Step();
                    }

                    steps += 100;
                }

                best = Math.Max(best, tokens / Stopwatch.GetElapsedTime(start).TotalSeconds);
                bytes = Math.Min(bytes, (double)(GC.GetAllocatedBytesForCurrentThread() - before) / steps);
            }

            string line = $"batch {batch,4}: {best / 1e6,7:F2} M scheduled tokens/s, {1e9 / best,6:F1} ns a token, {bytes:F1} bytes a step";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line}"));
        }

        foreach (int requests in (ReadOnlySpan<int>)[10_000, 100_000, 1_000_000])
        {
            double best = Enumerable.Range(0, 3).Max(_ => SubmissionsPerSecond(requests));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"queue {requests,9:#,0}: {best / 1e6,6:F2} M submissions/s"));
        }
    }

    private static double SubmissionsPerSecond(int requests)
    {
        BlockPool pool = new(new BlockPoolOptions { BlockCount = 64 });
        Scheduler scheduler = new(new SchedulerOptions { MaxQueueLength = requests }, pool, new VirtualClock());
        SequenceRequest request = new() { Prompt = new int[] { 1 }, MaxNewTokens = 1 };
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < requests; i++)
        {
            if (!scheduler.TrySubmit(request, out _, out _))
            {
                throw new InvalidOperationException("a request was refused");
            }
        }

        return requests / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
