using Inferometer.Core;
using Inferometer.Planning.Answers;
using Inferometer.Planning.Demand;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Planning.Fleets;

/// <summary>
/// Plans two pools, one for short prompts and one for long ones, each on whatever system is cheapest for it, as fleets are planned where a
/// few long prompts would stall many short ones. Splits at several lengths are tried, and compared with a single pool.
/// </summary>
/// <param name="planner">Plans each pool.</param>
public sealed class FleetPlanner(Planner planner)
{
    private const int Drawn = 4000;
    private const double LeastShare = 0.02;
    private static readonly double[] Percentiles = [50, 75, 90, 97];

    /// <summary>Plans.</summary>
    /// <param name="request">What is asked, at a rate.</param>
    /// <param name="progress">Told the share that is done, 0 to 1; null = nobody is told.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="InferometerException">The load is a number of users, or the lengths do not vary.</exception>
    public FleetPlan Plan(PlanRequest request, Action<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        if (request.Demand.IsClosed)
        {
            throw new InferometerException("pools: a load of users cannot be split by length; give a rate.");
        }

        (int Input, int Output)[] pairs = Draw(request.Demand);
        double[] sorted = [.. pairs.Select(p => (double)p.Input).Order()];
        int[] lengths = [.. Percentiles.Select(p => (int)Percentile.Of(sorted, p)).Distinct()];
        lengths = [.. lengths.Where(t => Share(pairs, t) is >= LeastShare and <= 1 - LeastShare)];
        if (lengths.Length == 0)
        {
            throw new InferometerException("pools: the prompts are all alike; there is nothing to split by.");
        }

        PlanAnswer? single = planner.Cheapest(request, cancellationToken: cancellationToken);
        List<FleetSplit> splits = [];
        foreach (int tokens in lengths)
        {
            double share = Share(pairs, tokens);
            splits.Add(new FleetSplit(
                tokens,
                share,
                planner.Cheapest(Pool(request, pairs.Where(p => p.Input <= tokens), share), cancellationToken: cancellationToken),
                planner.Cheapest(Pool(request, pairs.Where(p => p.Input > tokens), 1 - share), cancellationToken: cancellationToken)));
            progress?.Invoke((double)splits.Count / lengths.Length);
        }

        return new FleetPlan
        {
            Request = request,
            Model = planner.NameOf(request.Model),
            Single = single,
            Splits = [.. splits],
        };
    }

    private static PlanRequest Pool(PlanRequest request, IEnumerable<(int Input, int Output)> pairs, double share) => request with
    {
        Demand = request.Demand with
        {
            RequestsPerSecond = request.Demand.RequestsPerSecond * share,
            Pairs = new LengthPairs(pairs, "the pool's part of the lengths"),
        },
    };

    private static double Share((int Input, int Output)[] pairs, int tokens) => (double)pairs.Count(p => p.Input <= tokens) / pairs.Length;

    // Lengths without the beginning that all prompts share, which each pool adds again.
    private static (int Input, int Output)[] Draw(ServiceDemand demand)
    {
        GeneratedArrivals some = new(demand.Traffic(Drawn, seed: 0) with { SharedPrefixTokens = 0 });
        (int Input, int Output)[] pairs = new (int, int)[Drawn];
        for (int i = 0; i < Drawn; i++)
        {
            Arrival arrival = some.Take();
            pairs[i] = (arrival.InputTokens, Math.Max(1, arrival.OutputTokens));
        }

        return pairs;
    }
}
