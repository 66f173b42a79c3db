using System.Runtime.InteropServices;
using Inferometer.Scheduling;

namespace Inferometer.Serving;

/// <summary>
/// What became of one request, without its single tokens: all that latencies, goodput and rates are made of. Times are seconds.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RequestOutcome
{
    // A simulated clock counts picoseconds, upwards, and shows them as a double: who is admitted on arrival is so a rounding later.
    private const double TickSeconds = 2e-12;
    private const double TickShare = 4.5e-16;

    /// <summary>When it arrived.</summary>
    public required double ArrivalSeconds { get; init; }

    /// <summary>When it was first admitted; NaN when it never was.</summary>
    public double AdmittedSeconds { get; init; }

    /// <summary>Arrival to admission; NaN when it was never admitted, 0 where only the clock's rounding lies between.</summary>
    public double QueueSeconds => Queue(ArrivalSeconds, AdmittedSeconds);

    /// <summary>When its first token came; NaN when none did.</summary>
    public double FirstTokenSeconds { get; init; }

    /// <summary>When its last token came; NaN when none did.</summary>
    public double LastTokenSeconds { get; init; }

    /// <summary>Longest gap between two deliveries; NaN with fewer than two.</summary>
    public double LongestGapSeconds { get; init; }

    /// <summary>When it ended.</summary>
    public required double FinishSeconds { get; init; }

    /// <summary>Why it ended; none = it was refused at the door.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Prompt tokens taken from the prefix cache.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public int OutputTokens { get; init; }

    /// <summary>Times it was preempted.</summary>
    public int Preemptions { get; init; }

    /// <summary>Replica that served it, from 0; where prefill and decode are apart, the one that decoded.</summary>
    public int Replica { get; init; }

    internal static double Queue(double arrival, double admitted)
    {
        double waited = admitted - arrival;
        return Math.Abs(waited) <= TickSeconds + (TickShare * Math.Abs(admitted)) ? 0 : waited;
    }
}
