using System.Runtime.InteropServices;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Serving;

/// <summary>What the steps of a replica add up to.</summary>
internal sealed class StepMeter
{
    public long Steps { get; private set; }

    public double BusySeconds { get; private set; }

    /// <summary>Of one device; NaN where its power is not known.</summary>
    public double Joules { get; private set; }

    public double FlopSeconds { get; private set; }

    public double BandwidthSeconds { get; private set; }

    public double SequenceSeconds { get; private set; }

    /// <summary>What has been added up so far.</summary>
    public Mark Now => new(Steps, BusySeconds, SequenceSeconds);

    /// <param name="totals">The step's work.</param>
    /// <param name="seconds">Its time, overhead included.</param>
    /// <param name="idleWatts">Power of a device that waits for the framework; NaN where it is not known.</param>
    /// <param name="sequences">Sequences in it.</param>
    public void Add(in PhaseTotals totals, double seconds, double idleWatts, int sequences)
    {
        Steps++;
        BusySeconds += seconds;
        double work = totals.LatencySeconds;
        Joules += ((totals.DeviceWatts ?? double.NaN) * work) + (idleWatts * (seconds - work));
        FlopSeconds += totals.FlopUtilization * work;
        BandwidthSeconds += totals.BandwidthUtilization * work;
        SequenceSeconds += sequences * seconds;
    }

    /// <summary>The sums at a moment, so that the steps between two can be told.</summary>
    [StructLayout(LayoutKind.Auto)]
    public readonly record struct Mark(long Steps, double BusySeconds, double SequenceSeconds);
}
