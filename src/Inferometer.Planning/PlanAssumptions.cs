using System.Globalization;
using Inferometer.Planning.Answers;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Prices;

namespace Inferometer.Planning;

/// <summary>What a plan assumes, in sentences.</summary>
internal static class PlanAssumptions
{
    public static IEnumerable<string> Of(PlanRequest request, PriceList prices, int unpriced, PlanAnswer? chosen)
    {
        yield return request.Demand.IsClosed
            ? "Each user has one request under way and asks again when answered"
                + (request.Demand.Think.MeanSeconds > 0 ? Say($", after {request.Demand.Think.MeanSeconds:0.###} s.")
                    : " (--think says after how long).")
            : Say($"Requests come as {request.Demand.Spread}; a router sends each to the replica with the fewest tokens to compute.");
        yield return "Limits are held against simulations of all replicas with the framework's own scheduler: two, with different "
            + "requests, of which the worse counts"
            + (request.Demand.IsClosed ? "." : ", and for what is an answer a third, of many times the requests.");
        if (chosen is not null)
        {
            ReplicaCount replicas = chosen.Replicas;
            yield return "The first in the options of simulate: "
                + $"{chosen.Deployment.Shape.Options()} "
                + Say($"--max-num-seqs {chosen.Deployment.MaxSequences} --max-num-batched-tokens {chosen.Deployment.StepTokens}")
                + (replicas.Total > 1 ? Say($" --replicas {replicas.Total} --router least-tokens") : "")
                + (replicas.Prefill > 0 ? Say($" --prefill-replicas {replicas.Prefill}") : "") + ".";
            yield return Say(
                $"Times to first token have {chosen.Trial.AdmissionSeconds * 1000:0} ms in them outside the engine's steps: transport, ")
                + "tokenisation and admission, as fitted to measured services.";
            if (chosen.RestsOn is { } rests)
            {
                yield return char.ToUpperInvariant(rests[0]) + rests[1..] + ".";
            }
        }

        yield return prices.Source is { } file
            ? $"Prices: {file}, the catalog's for what it does not name; a month has 730 hours."
            : "Prices: list prices of the catalog per device-hour (inferometer hardware NAME shows their sources); a month has 730 hours.";
        if (unpriced > 0)
        {
            yield return Say($"{unpriced} systems of the catalog have no price and were left out; --on or --prices brings them in.");
        }

        if (request.SpotShare > 0)
        {
            yield return Say(
                $"{request.SpotShare * 100:0.#} % of the replicas may be on spot; as many more are rented as are away on average.");
        }
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
