using Inferometer.Simulation.Operators;

namespace Inferometer.Measurement.Explanation;

/// <summary>What decode steps' time goes into, from their operators.</summary>
internal sealed class StepParts
{
    private double _weights;
    private double _cache;
    private double _other;
    private double _compute;
    private double _network;
    private double _launch;
    private double _framework;

    /// <summary>Adds a step.</summary>
    /// <param name="rows">Its operators.</param>
    /// <param name="seconds">
    /// What it stands for; operators overlap in a pipeline and beside drafts, so that their sum is scaled to it.
    /// </param>
    /// <param name="overhead">Share of them that the framework takes beside the operators, 0 to 1.</param>
    public void Add(List<OperatorRow> rows, double seconds, double overhead = 0)
    {
        StepParts step = new();
        foreach (OperatorRow row in rows)
        {
            step.Take(row);
        }

        double scale = (1 - overhead) * seconds / Math.Max(double.Epsilon, step.Sum);
        _weights += scale * step._weights;
        _cache += scale * step._cache;
        _other += scale * step._other;
        _compute += scale * step._compute;
        _network += scale * step._network;
        _launch += scale * step._launch;
        _framework += (scale * step._framework) + (overhead * seconds);
    }

    /// <summary>The parts of a time that went into such steps, the longest first.</summary>
    public IEnumerable<TimePart> Of(double milliseconds)
    {
        double scale = milliseconds / Math.Max(double.Epsilon, Sum);
        return new TimePart[]
        {
            new("weights", "bandwidth: reading weights", scale * _weights),
            new("kv_cache", "bandwidth: reading the KV cache", scale * _cache),
            new("activations", "bandwidth: activations", scale * _other),
            new("arithmetic", "arithmetic", scale * _compute),
            new("collectives", "messages between devices", scale * _network),
            new("launches", "starting kernels", scale * _launch),
            new("framework", "the framework's own time in a step", scale * _framework),
        }.Where(p => p.Milliseconds > 0).OrderByDescending(p => p.Milliseconds);
    }

    private double Sum => _weights + _cache + _other + _compute + _network + _launch + _framework;

    private void Take(OperatorRow row)
    {
        if (row.Group == OperatorGroup.Framework)
        {
            _framework += row.TotalSeconds;
            return;
        }

        double work = Math.Max(row.ComputeSeconds, Math.Max(row.MemorySeconds, row.OffloadSeconds));
        _network += row.Count * row.NetworkSeconds;
        _launch += row.Count * Math.Max(0, row.Seconds - row.NetworkSeconds - work);
        double busy = row.Count * Math.Min(work, row.Seconds);
        if (row.ComputeSeconds >= row.MemorySeconds && row.ComputeSeconds >= row.OffloadSeconds)
        {
            _compute += busy;
        }
        else if (row.MemoryBytes > 0)
        {
            _weights += busy * row.WeightBytes / row.MemoryBytes;
            _cache += busy * (row.KvReadBytes + row.KvWriteBytes) / row.MemoryBytes;
            _other += busy * (row.ActivationReadBytes + row.ActivationWriteBytes) / row.MemoryBytes;
        }
    }
}
