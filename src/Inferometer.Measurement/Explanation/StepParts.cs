using Inferometer.Simulation.Operators;

namespace Inferometer.Measurement.Explanation;

/// <summary>What a decode step's time goes into, from its operators.</summary>
internal static class StepParts
{
    private const double Milliseconds = 1000;

    /// <summary>The parts, which add up to the step.</summary>
    /// <param name="rows">Operators of the step.</param>
    /// <param name="seconds">The step per token; operators overlap in a pipeline, so that their sum is scaled to it.</param>
    public static List<TimePart> Of(List<OperatorRow> rows, double seconds)
    {
        double weights = 0, cache = 0, other = 0, compute = 0, network = 0, launch = 0;
        foreach (OperatorRow row in rows)
        {
            double work = Math.Max(row.ComputeSeconds, Math.Max(row.MemorySeconds, row.OffloadSeconds));
            network += row.Count * row.NetworkSeconds;
            launch += row.Count * Math.Max(0, row.Seconds - row.NetworkSeconds - work);
            double busy = row.Count * Math.Min(work, row.Seconds);
            if (row.ComputeSeconds >= row.MemorySeconds && row.ComputeSeconds >= row.OffloadSeconds)
            {
                compute += busy;
            }
            else if (row.MemoryBytes > 0)
            {
                weights += busy * row.WeightBytes / row.MemoryBytes;
                cache += busy * (row.KvReadBytes + row.KvWriteBytes) / row.MemoryBytes;
                other += busy * (row.ActivationReadBytes + row.ActivationWriteBytes) / row.MemoryBytes;
            }
        }

        double scale = Milliseconds * seconds / Math.Max(double.Epsilon, weights + cache + other + compute + network + launch);
        return
        [
            .. new TimePart[]
            {
                new("weights", "bandwidth: reading weights", scale * weights),
                new("kv_cache", "bandwidth: reading the KV cache", scale * cache),
                new("activations", "bandwidth: activations", scale * other),
                new("arithmetic", "arithmetic", scale * compute),
                new("collectives", "messages between devices", scale * network),
                new("launches", "starting kernels", scale * launch),
            }.Where(p => p.Milliseconds > 0).OrderByDescending(p => p.Milliseconds),
        ];
    }
}
