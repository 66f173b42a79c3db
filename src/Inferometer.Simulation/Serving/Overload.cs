using System.Runtime.InteropServices;
using Inferometer.Scheduling;
using Inferometer.Serving;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// Requests come faster than they are answered: those in the service, waiting or in its batch, become more as long as they come, and
/// latencies say more about how long that was than about the service.
/// </summary>
/// <param name="RequestsHalfway">Requests that waited or ran when half of the time of arrivals had passed.</param>
/// <param name="RequestsAtEnd">Requests that waited or ran when the last one had come.</param>
/// <param name="ArrivalsPerSecond">Rate of arrivals.</param>
/// <param name="CompletionsPerSecond">
/// Requests answered a second while the service is full; where it is for too short a time, measured ones over the whole of it, as the
/// report's throughput: of a short run the first answers come when the last requests have.
/// </param>
public sealed record Overload(long RequestsHalfway, long RequestsAtEnd, double ArrivalsPerSecond, double CompletionsPerSecond)
{
    private const long Least = 10;
    private const double GrowthOfArrivals = 0.05;
    private const double Deviations = 3;

    // Twice the time: 2 where it grows evenly, at most 1 while a service fills with requests of any one length or exponential ones.
    private const double Steadiness = 1.25;

    /// <summary>
    /// The rule: requests come over a time, at the end of it there are more than halfway, and halfway no fewer than a quarter through, and
    /// the growth of the second half is above a twentieth of what came in it. That is enough of those that wait. A batch also grows while
    /// a service fills, and by chance: of those that wait or run the growth must also be above three standard deviations of a Poisson
    /// number of arrivals and at least 1.25 times that of the quarter before, and those of the first quarter must have been answered
    /// within half of the time on average.
    /// </summary>
    /// <param name="outcomes">What became of the requests.</param>
    /// <param name="throughput">Requests completed a second.</param>
    internal static Overload? Of(IReadOnlyList<RequestOutcome> outcomes, double throughput)
    {
        if (outcomes.Count < 2 * Least)
        {
            return null;
        }

        double first = outcomes[0].ArrivalSeconds;
        double span = outcomes[^1].ArrivalSeconds - first;
        double quarter = first + (span / 4), half = first + (span / 2), end = first + span;
        Growth waiting = new(), all = new();
        long lateArrivals = 0, early = 0;
        double earlySeconds = 0;
        foreach (RequestOutcome outcome in outcomes)
        {
            if (outcome.FinishReason == FinishReason.None)
            {
                continue;
            }

            double admitted = double.IsNaN(outcome.AdmittedSeconds) ? outcome.FinishSeconds : outcome.AdmittedSeconds;
            waiting.Add(outcome, admitted, quarter, half, end);
            all.Add(outcome, outcome.FinishSeconds, quarter, half, end);
            lateArrivals += outcome.ArrivalSeconds > half ? 1 : 0;
            if (outcome.ArrivalSeconds <= quarter)
            {
                early++;
                earlySeconds += outcome.FinishSeconds - outcome.ArrivalSeconds;
            }
        }

        double least = GrowthOfArrivals * lateArrivals;
        bool isLongEnough = earlySeconds <= early * span / 2;
        bool runningGrows = isLongEnough && all.IsAbove(Math.Max(least, Deviations * Math.Sqrt(lateArrivals)))
            && all.End - all.Half >= Steadiness * (all.Half - all.Quarter);
        bool grows = span > 0 && (waiting.IsAbove(least) || runningGrows);
        return grows ? new Overload(all.Half, all.End, (outcomes.Count - 1) / span, throughput) : null;
    }

    /// <summary>How many there are of something at three times.</summary>
    [StructLayout(LayoutKind.Auto)]
    private struct Growth
    {
        public long Quarter, Half, End;

        public void Add(in RequestOutcome outcome, double until, double quarter, double half, double end)
        {
            Quarter += outcome.ArrivalSeconds <= quarter && until > quarter ? 1 : 0;
            Half += outcome.ArrivalSeconds <= half && until > half ? 1 : 0;
            End += outcome.ArrivalSeconds <= end && until > end ? 1 : 0;
        }

        public readonly bool IsAbove(double least) => End >= Least && End > Half && Half >= Quarter && End - Half > least;
    }
}
