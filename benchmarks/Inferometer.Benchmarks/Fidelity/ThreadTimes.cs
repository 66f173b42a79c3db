using System.Globalization;

namespace Inferometer.Benchmarks.Fidelity;

/// <summary>
/// What the threads of this process ran and how long they waited for a processor, by name, from <c>/proc/self/task/*/schedstat</c>: it
/// tells steps that were held up by others on this machine from those that took long. Empty on other systems than Linux.
/// </summary>
internal sealed record ThreadTimes(IReadOnlyDictionary<string, (double Ran, double Waited)> Threads)
{
    private const string Folder = "/proc/self/task";

    /// <summary>Until now, seconds.</summary>
    public static ThreadTimes Now()
    {
        Dictionary<string, (double Ran, double Waited)> times = new(StringComparer.Ordinal);
        foreach (string thread in Directory.Exists(Folder) ? Directory.GetDirectories(Folder) : [])
        {
            try
            {
                string name = File.ReadAllText(Path.Combine(thread, "comm")).Trim();
                string[] numbers = File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ');
                (double Ran, double Waited) before = times.GetValueOrDefault(name);
                times[name] = (
                    before.Ran + (double.Parse(numbers[0], CultureInfo.InvariantCulture) / 1e9),
                    before.Waited + (double.Parse(numbers[1], CultureInfo.InvariantCulture) / 1e9));
            }
            catch (IOException)
            {
                // The thread has ended meanwhile.
            }
        }

        return new ThreadTimes(times);
    }

    /// <summary>What came since then, for people: the threads that ran or waited longest.</summary>
    public string Since(ThreadTimes earlier) => string.Join("; ", Threads
        .Select(t => (Name: t.Key, Ran: t.Value.Ran - earlier.Threads.GetValueOrDefault(t.Key).Ran,
            Waited: t.Value.Waited - earlier.Threads.GetValueOrDefault(t.Key).Waited))
        .Where(t => t.Ran + t.Waited > 0.005).OrderByDescending(t => t.Ran + t.Waited).Take(6)
        .Select(t => string.Create(
            CultureInfo.InvariantCulture, $"{t.Name} ran {1000 * t.Ran:0} ms, waited {1000 * t.Waited:0} ms")));
}
