using System.Globalization;

namespace Inferometer.Inference.Engine;

/// <summary>How much memory this process may still take.</summary>
public static class FreeMemory
{
    /// <summary>
    /// The smaller of what the machine has available (on Linux <c>MemAvailable</c>, which counts the page cache as available) and what a
    /// container's limit leaves.
    /// </summary>
    public static long Bytes()
    {
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        long limit = info.TotalAvailableMemoryBytes - Environment.WorkingSet;
        return Math.Max(0, Math.Min(limit, AvailableOnMachine() ?? (info.TotalAvailableMemoryBytes - info.MemoryLoadBytes)));
    }

    private static long? AvailableOnMachine()
    {
        const string path = "/proc/meminfo";
        if (!File.Exists(path))
        {
            return null;
        }

        foreach (string line in File.ReadLines(path))
        {
            if (line.StartsWith("MemAvailable:", StringComparison.Ordinal))
            {
                string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                return long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long kibibytes)
                    ? kibibytes * 1024
                    : null;
            }
        }

        return null;
    }
}
