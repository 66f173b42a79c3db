using Inferometer.Scheduling;
using Inferometer.Serving;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// Requests come faster than they are answered: the queue grows as long as they come, and latencies say more about how long that was than
/// about the service.
/// </summary>
/// <param name="WaitingHalfway">Requests that waited when half of the time of arrivals had passed.</param>
/// <param name="WaitingAtEnd">Requests that waited when the last one had come.</param>
/// <param name="ArrivalsPerSecond">Rate of arrivals.</param>
/// <param name="CompletionsPerSecond">
/// Rate at which requests were answered during the second half of the arrivals; where they came too fast for ten to be answered in it, the
/// throughput of the whole.
/// </param>
public sealed record Overload(long WaitingHalfway, long WaitingAtEnd, double ArrivalsPerSecond, double CompletionsPerSecond)
{
    private const long Least = 10;
    private const double GrowthOfArrivals = 0.05;

    /// <summary>
    /// The rule: requests come over a time, at the end of it more wait than a quarter and a half through, and the growth of the second half
    /// is above a twentieth of what came in it.
    /// </summary>
    /// <param name="outcomes">What became of the requests.</param>
    /// <param name="throughput">Requests completed a second over the whole of it.</param>
    internal static Overload? Of(IReadOnlyList<RequestOutcome> outcomes, double throughput)
    {
        if (outcomes.Count < 2 * Least)
        {
            return null;
        }

        double first = outcomes[0].ArrivalSeconds;
        double span = outcomes[^1].ArrivalSeconds - first;
        double half = first + (span / 2);
        long quarterWaiting = 0, halfWaiting = 0, endWaiting = 0, lateArrivals = 0, lateEnds = 0;
        foreach (RequestOutcome outcome in outcomes)
        {
            if (outcome.FinishReason == FinishReason.None)
            {
                continue;
            }

            quarterWaiting += Waits(outcome, first + (span / 4));
            halfWaiting += Waits(outcome, half);
            endWaiting += Waits(outcome, first + span);
            lateArrivals += outcome.ArrivalSeconds > half ? 1 : 0;
            lateEnds += outcome.FinishSeconds > half && outcome.FinishSeconds <= first + span ? 1 : 0;
        }

        bool grows = span > 0 && endWaiting >= Least && endWaiting > halfWaiting && halfWaiting >= quarterWaiting
            && endWaiting - halfWaiting > GrowthOfArrivals * lateArrivals;
        double rate = lateEnds >= Least ? lateEnds / (span / 2) : throughput;
        return grows ? new Overload(halfWaiting, endWaiting, (outcomes.Count - 1) / span, rate) : null;
    }

    private static int Waits(in RequestOutcome outcome, double seconds) =>
        outcome.ArrivalSeconds <= seconds && (double.IsNaN(outcome.AdmittedSeconds) || outcome.AdmittedSeconds > seconds) ? 1 : 0;
}
