using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// Sums over the operators of a step. Amounts are of one device position of the tensor-parallel group, all pipeline stages
/// and micro-batches together. With speculative decoding they are of the target's verifying step; only the latency has the draft in it.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PhaseTotals
{
    /// <summary>Time of the step, pipeline fill and drain and the draft network included, seconds.</summary>
    public double LatencySeconds { get; init; }

    /// <summary>
    /// Last part of <see cref="LatencySeconds"/>, in which the first stage of a pipeline is free for the next step already, seconds; 0
    /// where the next step needs this one's results, and without a pipeline.
    /// </summary>
    public double DrainSeconds { get; init; }

    /// <summary>From the beginning of the step to that of the next where steps follow one another, seconds.</summary>
    public double PaceSeconds => LatencySeconds - DrainSeconds;

    /// <summary>Range the latency is expected in; null where the cost model gives none.</summary>
    public Interval? LatencyInterval { get; init; }

    /// <summary>Part of <see cref="LatencySeconds"/> that a draft network takes.</summary>
    public double DraftSeconds { get; init; }

    /// <summary>Tokens each decoding sequence gets out of the step: 1, or the expected tokens of a speculative round.</summary>
    public double TokensPerStep { get; init; }

    /// <summary>
    /// Time of all operators one after another, seconds; equal to the latency without pipeline parallelism and without a draft.
    /// </summary>
    public double SerialSeconds { get; init; }

    /// <summary>Part of <see cref="SerialSeconds"/> spent on collectives, launches included, seconds.</summary>
    public double CommunicationSeconds { get; init; }

    /// <summary>Operations; a multiply-add is two.</summary>
    public double Flops { get; init; }

    /// <summary>Bytes to and from memory.</summary>
    public double MemoryBytes { get; init; }

    /// <summary>Bytes of the collectives' messages.</summary>
    public double CollectiveBytes { get; init; }

    /// <summary>Most that the activations of an operator and the residual stream take at once, bytes.</summary>
    public double PeakActivationBytes { get; init; }

    /// <summary>Share of peak arithmetic reached by the devices of the pipeline, 0 to 1.</summary>
    public double FlopUtilization { get; init; }

    /// <summary>Share of peak memory bandwidth reached by the devices of the pipeline, 0 to 1.</summary>
    public double BandwidthUtilization { get; init; }

    /// <summary>Mean power of a device during the step, watts; null where it is not known.</summary>
    public double? DeviceWatts { get; init; }

    /// <summary>Least time of the arithmetic and memory traffic at the peaks of the datasheet, seconds.</summary>
    public double PeakSeconds => LatencySeconds * Math.Min(1, Math.Max(FlopUtilization, BandwidthUtilization));

    /// <summary>FLOPs per byte of memory traffic.</summary>
    public double ArithmeticIntensity => MemoryBytes > 0 ? Flops / MemoryBytes : 0;

    /// <summary>The step as those see it who wait for the next one: as long as its pace.</summary>
    internal PhaseTotals AtPace()
    {
        double share = LatencySeconds / PaceSeconds;
        return DrainSeconds == 0 ? this : this with
        {
            LatencySeconds = PaceSeconds,
            DrainSeconds = 0,
            FlopUtilization = Math.Min(1, FlopUtilization * share),
            BandwidthUtilization = Math.Min(1, BandwidthUtilization * share),
        };
    }

    /// <summary>This and another pass after it, as one step: times and amounts are added, shares and power are means over time.</summary>
    /// <param name="next">What follows.</param>
    internal PhaseTotals Then(in PhaseTotals next)
    {
        double latency = LatencySeconds + next.LatencySeconds, before = LatencySeconds / latency, after = next.LatencySeconds / latency;
        return next with
        {
            LatencySeconds = latency,
            DrainSeconds = next.DrainSeconds,
            LatencyInterval = LatencyInterval + next.LatencyInterval,
            DraftSeconds = DraftSeconds + next.DraftSeconds,
            SerialSeconds = SerialSeconds + next.SerialSeconds,
            CommunicationSeconds = CommunicationSeconds + next.CommunicationSeconds,
            Flops = Flops + next.Flops,
            MemoryBytes = MemoryBytes + next.MemoryBytes,
            CollectiveBytes = CollectiveBytes + next.CollectiveBytes,
            PeakActivationBytes = Math.Max(PeakActivationBytes, next.PeakActivationBytes),
            FlopUtilization = (FlopUtilization * before) + (next.FlopUtilization * after),
            BandwidthUtilization = (BandwidthUtilization * before) + (next.BandwidthUtilization * after),
            DeviceWatts = (DeviceWatts * before) + (next.DeviceWatts * after),
        };
    }
}
