using Inferometer.Core.Models;
using Inferometer.Planning.Demand;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Planning;

/// <summary>What of a question could be changed, one thing at a time, to see what is worth changing first.</summary>
internal static class QuestionChanges
{
    private const double Looser = 1.5;
    private const double Less = 0.75;
    private const int Sure = 95;

    /// <summary>The changes, each with the question that it makes.</summary>
    public static IEnumerable<(string Change, PlanRequest Request)> Of(PlanRequest request, ModelArchitecture architecture)
    {
        foreach (SloLimit limit in request.Level.Limits)
        {
            string name = SloLimit.NameOf(limit.Metric).ToUpperInvariant();
            yield return (
                FormattableString.Invariant(
                    $"{name} limit {limit.Seconds * 1000 * Looser:0.###} ms instead of {limit.Seconds * 1000:0.###}"),
                request with { Level = request.Level.Scale(limit.Metric, Looser) });
        }

        ServiceDemand demand = request.Demand;
        if (demand.Pairs is null && IsRange(demand.Input))
        {
            yield return ("prompts a quarter shorter", request with { Demand = demand with { Input = Shorter(demand.Input) } });
            int half = demand.MeanInput / 2;
            if (demand.SharedPrefixTokens == 0)
            {
                yield return (
                    FormattableString.Invariant($"{half:#,0} tokens of the prompts alike, in the prefix cache"),
                    request with { Demand = demand with { Input = Scaled(demand.Input, 0.5), SharedPrefixTokens = half } });
            }
        }

        if (demand.Pairs is null && IsRange(demand.Output))
        {
            yield return ("answers a quarter shorter", request with { Demand = demand with { Output = Shorter(demand.Output) } });
        }

        yield return ("a quarter less load", request with { Demand = demand.Scale(Less) });
        if (request.Level.Confidence < Sure)
        {
            yield return ("kept in 19 of 20 such services (--confidence 95)",
                request with { Level = request.Level with { Confidence = Sure } });
        }

        double published = architecture.PublishedWeights?.Main.BitsPerElement ?? 16;
        if (request.Space.Weights.Count == 0 && published > 5)
        {
            yield return ("weights in 4 bits (--weights awq), which cost quality",
                request with { Space = request.Space with { Weights = ["awq"] } });
        }
    }

    private static LengthDistribution Shorter(LengthDistribution lengths) => Scaled(lengths, Less);

    private static LengthDistribution Scaled(LengthDistribution lengths, double factor) =>
        LengthDistribution.Parse(FormattableString.Invariant(
        $"uniform:{(int)(lengths.Smallest * factor)},{(int)(lengths.Largest * factor)}"));

    // Of other distributions a part of the mean does not say what the rest should be like.
    private static bool IsRange(LengthDistribution lengths) =>
        lengths.Smallest >= 8 && lengths.Mean == (lengths.Smallest + (double)lengths.Largest) / 2;
}
