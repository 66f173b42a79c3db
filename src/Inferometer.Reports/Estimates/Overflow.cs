using System.Globalization;
using System.Text;
using Inferometer.Reports.Documents;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Estimates;

/// <summary>Says in a line or two that a workload does not fit, how much of it would, and which single change makes it fit.</summary>
public static class Overflow
{
    /// <summary>Why an estimate has no result; null where it has one.</summary>
    public static string? ReasonOf(Estimate estimate)
    {
        ArgumentNullException.ThrowIfNull(estimate);
        return estimate.Overflow is { } memory ? Brief(memory) : estimate.Error;
    }

    /// <summary>The need and what there is.</summary>
    public static string Brief(MemoryEstimate memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return Brief(memory.TotalBytes, memory.CapacityBytes, memory.OffloadedBytes, memory.HostCapacityBytes ?? 0);
    }

    /// <summary>The need and what there is.</summary>
    public static string Brief(in MemoryTotals memory) =>
        Brief(memory.TotalBytes, memory.CapacityBytes, memory.OffloadedBytes, memory.HostCapacityBytes);

    /// <summary>What does not fit of several estimates, in one line.</summary>
    /// <param name="memories">Their needs; at least one.</param>
    /// <param name="of">How many estimates there are.</param>
    public static string Brief(IReadOnlyList<MemoryEstimate> memories, int of)
    {
        ArgumentNullException.ThrowIfNull(memories);
        if (memories.Count == 1)
        {
            return Brief(memories[0]);
        }

        static string Span(MemoryEstimate[] some, Func<MemoryEstimate, double> bytes) =>
            Range(Numbers.Bytes(some.Min(bytes)), Numbers.Bytes(some.Max(bytes)));
        MemoryEstimate[] devices = [.. memories.Where(m => m.TotalBytes > m.CapacityBytes)];
        MemoryEstimate[] hosts = [.. memories.Where(m => m.OffloadedBytes > m.HostCapacityBytes)];
        string[] needs =
        [
            .. devices.Length == 0 ? [] : new[] { Needs(devices, m => m.TotalBytes, m => m.CapacityBytes, "per device") },
            .. hosts.Length == 0 ? [] : new[] { Needs(hosts, m => m.OffloadedBytes, m => m.HostCapacityBytes ?? 0, "of the host") },
        ];
        return $"does not fit: {memories.Count} of {of} rows; they need {string.Join(", and ", needs)}";

        string Needs(MemoryEstimate[] some, Func<MemoryEstimate, double> need, Func<MemoryEstimate, double> room, string where) =>
            $"{Span(some, need)} {where} of {Span(some, room)} there";

        static string Range(string least, string most) =>
            string.Equals(least, most, StringComparison.Ordinal) ? least : $"{least} to {most}";
    }

    /// <summary>The whole line, changes in the words of the command line.</summary>
    /// <param name="result">What does not fit.</param>
    /// <param name="changes">Single changes that make it fit.</param>
    public static string Explain(SimulationResult result, IEnumerable<FittingChange> changes) =>
        Explain(result, changes, change => $"{OptionOf(change.Parameter)} {change.Value}");

    /// <summary>The whole line, changes in other words.</summary>
    /// <param name="result">What does not fit.</param>
    /// <param name="changes">Single changes that make it fit.</param>
    /// <param name="words">A change as who reads the line would ask for it.</param>
    public static string Explain(SimulationResult result, IEnumerable<FittingChange> changes, Func<FittingChange, string> words)
    {
        ArgumentNullException.ThrowIfNull(result);
        MemoryEstimate memory = result.MemoryUsage!;
        StringBuilder line = new();
        line.Append(CultureInfo.InvariantCulture, $"{result.Model} does not fit on {EstimatePage.SystemOf(result)}: ");
        line.Append(
            CultureInfo.InvariantCulture,
            $"a device needs {Numbers.Bytes(memory.TotalBytes)} (weights {Numbers.Bytes(memory.WeightBytes)}, ");
        line.Append(
            CultureInfo.InvariantCulture,
            $"KV cache {Numbers.Bytes(memory.KvCacheBytes)}, activations {Numbers.Bytes(memory.ActivationBytes)}, ");
        line.Append(
            CultureInfo.InvariantCulture,
            $"reserve {Numbers.Bytes(memory.ReservedBytes)}) and has {Numbers.Bytes(memory.CapacityBytes)}");
        line.Append(memory.CapacityBytes < memory.UsableBytes
            ? $" of {Numbers.Bytes(memory.UsableBytes)} usable. "
            : memory.UsableBytes < memory.NominalBytes ? $" usable of {Numbers.Bytes(memory.NominalBytes)}. " : ". ");
        if (memory.HostCapacityBytes is { } host && memory.OffloadedBytes > host)
        {
            line.Append(
                CultureInfo.InvariantCulture,
                $"The host needs {Numbers.Bytes(memory.OffloadedBytes)} and has {Numbers.Bytes(host)}. ");
        }

        line.Append(memory.LargestBatch == 0
            ? "Not even one such request fits. "
            : $"The largest batch that fits is {Numbers.Whole(memory.LargestBatch)}. ");
        if (memory.LongestContextTokens > 0)
        {
            line.Append(
                CultureInfo.InvariantCulture,
                $"The longest context at this batch is {Numbers.Whole(memory.LongestContextTokens)} tokens. ");
        }

        string[] remedies = [.. changes.Select(words)];
        line.Append(remedies.Length == 0
            ? "No single change of parallelism, number format or placement makes it fit."
            : $"It would fit with {string.Join(" or ", remedies)}.");
        return line.ToString();
    }

    private static string Brief(double total, double capacity, double offloaded, double host) => total > capacity
        ? $"does not fit: {Numbers.Bytes(total)} needed per device, {Numbers.Bytes(capacity)} there"
        : $"does not fit: {Numbers.Bytes(offloaded)} needed of the host, {Numbers.Bytes(host)} there";

    private static string OptionOf(string parameter) =>
        EstimateSettings.All.FirstOrDefault(s => string.Equals(s.Parameter, parameter, StringComparison.Ordinal))?.Option ?? parameter;
}
