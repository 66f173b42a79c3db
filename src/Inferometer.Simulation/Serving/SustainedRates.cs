using Inferometer.Scheduling;
using Inferometer.Serving;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// What a service does while it is as full as its load makes it: neither filling nor emptying. From the time in which the first requests
/// were answered, and the warm-up is over, to the last time a request was taken into a batch.
/// </summary>
/// <param name="FromSeconds">Begin of that part.</param>
/// <param name="ToSeconds">Its end.</param>
/// <param name="RequestsPerSecond">
/// Requests a second, measured or not; one whose tokens came in part before or after counts by those that came in it.
/// </param>
/// <param name="OutputTokensPerSecond">Tokens that were generated in it a second, of all requests.</param>
public sealed record SustainedRates(double FromSeconds, double ToSeconds, double RequestsPerSecond, double OutputTokensPerSecond)
{
    private const int LeastEnded = 20;

    /// <summary>
    /// The rates; null where that part is shorter than a request is served for on average, or fewer than 20 requests end in it: what is
    /// counted then is how the service fills.
    /// </summary>
    /// <param name="outcomes">What became of all requests.</param>
    /// <param name="firstMeasured">Arrival of the first request after the warm-up.</param>
    internal static SustainedRates? Of(IReadOnlyList<RequestOutcome> outcomes, double firstMeasured)
    {
        double served = 0, last = 0;
        long done = 0;
        foreach (RequestOutcome outcome in outcomes)
        {
            if (Answered(outcome))
            {
                served += outcome.FinishSeconds - outcome.AdmittedSeconds;
                last = Math.Max(last, outcome.AdmittedSeconds);
                done++;
            }
        }

        double each = served / Math.Max(1, done);
        double from = Math.Max(firstMeasured, outcomes.Count == 0 ? 0 : outcomes[0].ArrivalSeconds + each), seconds = last - from;
        if (done == 0 || !(seconds >= each))
        {
            return null;
        }

        long ended = 0;
        double tokens = 0, requests = 0;
        foreach (RequestOutcome outcome in outcomes)
        {
            if (Answered(outcome))
            {
                ended += outcome.FinishSeconds > from && outcome.FinishSeconds <= last ? 1 : 0;
                double within = TokensBetween(outcome, from, last);
                tokens += within;
                requests += within / outcome.OutputTokens;
            }
        }

        return ended < LeastEnded ? null : new SustainedRates(from, last, requests / seconds, tokens / seconds);
    }

    private static bool Answered(in RequestOutcome outcome) =>
        outcome.FinishReason != FinishReason.None && outcome.OutputTokens > 0 && double.IsFinite(outcome.AdmittedSeconds);

    // Tokens after the first come evenly.
    private static double TokensBetween(in RequestOutcome outcome, double from, double to)
    {
        double first = outcome.FirstTokenSeconds, decoding = outcome.LastTokenSeconds - first;
        double tokens = first > from && first <= to ? 1 : 0;
        return decoding > 0
            ? tokens + ((outcome.OutputTokens - 1) * Math.Max(0, Math.Min(to, outcome.LastTokenSeconds) - Math.Max(from, first)) / decoding)
            : tokens;
    }
}
