using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Caching;
using Inferometer.Core.Models;
using Inferometer.Planning.Answers;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Prices;
using Inferometer.Planning.Screening;
using Inferometer.Planning.Trials;
using Inferometer.Simulation.Planning;

namespace Inferometer.Planning;

/// <summary>
/// Plans capacity. Every deployment of a space is held against the analytic model of <see cref="ReplicaModel"/>; what passes is simulated,
/// the most promising first, until nothing that is left could be better. Equal requests give equal plans, whatever the number of threads.
/// Thread-safe.
/// </summary>
public sealed class Planner
{
    /// <summary>Times the cheapest that the fastest may cost where no budget is given.</summary>
    public const double FastestFactor = 2;

    private readonly Catalogs _catalogs;
    private readonly DeploymentPlans _plans;
    private readonly PriceList _prices;

    /// <summary>Creates a planner.</summary>
    /// <param name="catalogs">Models and systems that can be named.</param>
    /// <param name="prices">What systems cost; null = as the catalog has it.</param>
    /// <param name="kvProfiles">What reads compression profiles of the KV cache; null = only q8 and q4 can be named.</param>
    public Planner(Catalogs catalogs, PriceList? prices = null, IKvProfileReader? kvProfiles = null)
    {
        ArgumentNullException.ThrowIfNull(catalogs);
        _catalogs = catalogs;
        _prices = prices ?? PriceList.Catalog;
        _plans = new DeploymentPlans(catalogs.CreateEngine(kvProfiles), catalogs.CostModels);
    }

    /// <summary>Plans.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="progress">Told the share that is done, 0 to 1, from any thread; null = nobody is told.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="InferometerException">A name is not known, a value is out of range, or the space is empty.</exception>
    public PlanResult Plan(PlanRequest request, Action<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        Search begun = Begin(request, progress, cancellationToken);
        (ModelArchitecture architecture, IReadOnlyList<SystemChoice> systems, ScreenedShape[] screened) =
            (begun.Model, begun.Systems, begun.Screened);
        Candidate[] candidates = begun.Candidates;
        TrialMemory memory = new();
        TrialRunner runner = new(_plans, request.Level, request.Seed, memory);
        AnswerSearch search = new(runner, request.Demand, BoundsOf(request));
        PlanAnswer? cheapest = search.Least(candidates, p => p.DollarsPerHour, cancellationToken);
        progress?.Invoke(0.6);
        PlanAnswer? smallest = null, fastest = null;
        Explanation explanation = new(null, null, []);
        void Others()
        {
            smallest = search.Least(
                candidates, p => p.Devices + (1e-6 * Math.Min(1e5, p.DollarsPerHour ?? 1e5)), cancellationToken);
            progress?.Invoke(0.75);

            // Speed can always be bought: with a replica for every user, in the end. Unless a budget says more, twice the least is the end.
            double most = request.BudgetPerMonth ?? (FastestFactor * (cheapest?.Provision.DollarsPerMonth ?? double.PositiveInfinity));
            double devices = FastestFactor * (smallest?.Provision.Devices ?? double.PositiveInfinity);
            fastest = search.Fastest(
                candidates, p => p.DollarsPerMonth is { } dollars ? dollars <= most : p.Devices <= devices, cancellationToken);
            progress?.Invoke(0.85);
        }

        void Explain() => explanation = (cheapest ?? smallest) is { } chosen
            ? Explained(request, chosen, runner, memory, systems, architecture, cancellationToken)
            : explanation;
        if (cheapest is null)
        {
            Others(); // of which the smallest is what is explained
            Explain();
        }
        else
        {
            Parallel.Invoke(new ParallelOptions { CancellationToken = cancellationToken }, Others, Explain);
        }

        PlanResult result = new()
        {
            Request = request,
            Model = architecture.Name,
            Deployments = screened.Sum(s => s.Deployments),
            Simulations = search.Simulations,
            Cheapest = cheapest,
            Smallest = smallest,
            Fastest = fastest,
            Rejections = [.. RejectionGroup.Of(RejectionsOf(screened, candidates, search, cheapest ?? smallest))],
            Front = [.. ParetoPoint.Front(screened.SelectMany(s => s.Points))],
            Headroom = explanation.Headroom,
            Failure = explanation.Failure,
            Sensitivities = [.. explanation.Sensitivities],
            Assumptions = [.. PlanAssumptions.Of(request, _prices, begun.Unpriced, cheapest ?? smallest)],
        };
        return result.Chosen is null ? result with { Nearest = NearMiss.Of(result.Rejections, request.Level) } : result;
    }

    /// <summary>The cheapest deployment alone, or without prices the smallest; null = none keeps the level.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="progress">Told the share that is done, 0 to 1, from any thread; null = nobody is told.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="InferometerException">A name is not known, a value is out of range, or the space is empty.</exception>
    public PlanAnswer? Cheapest(PlanRequest request, Action<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Cheapest(request, Begin(request, progress, cancellationToken).Candidates, new TrialMemory(), cancellationToken);
    }

    private PlanAnswer? Cheapest(
        PlanRequest request, IReadOnlyList<Candidate> candidates, TrialMemory memory, CancellationToken cancellationToken)
    {
        AnswerSearch search = new(
            new TrialRunner(_plans, request.Level, request.Seed, memory), request.Demand, BoundsOf(request), prunes: true);
        return search.Least(candidates, p => p.DollarsPerHour, cancellationToken)
            ?? search.Least(candidates, p => p.DollarsPerHour is null ? p.Devices : null, cancellationToken);
    }

    internal string NameOf(string model) => _catalogs.Models.Resolve(model).Name;

    private Search Begin(PlanRequest request, Action<double>? progress, CancellationToken cancellationToken)
    {
        request.Validate();
        ModelArchitecture architecture = _catalogs.Models.Resolve(request.Model);
        if (ServiceDemand.BeyondContext(architecture, request.Demand.LongestTokens()) is { } beyond)
        {
            throw new InferometerException(
                $"plan: {architecture.Name}: {beyond}; ask for shorter requests, or a model with a longer context. A length that is one "
                    + "number is planned for with a fifth more and less.");
        }

        IReadOnlyList<SystemChoice> systems = SystemsOf(request.Space, out int unpriced);
        if (request.SpotShare > 0 && systems.All(s => _prices.Of(s.System)?.SpotPerHour is null))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"plan: {100 * request.SpotShare:0.##} % of the replicas may be on spot (--spot), but no price says what that costs; "
                    + $"a file for --prices does, with spot and spot_availability of a system."));
        }

        DeploymentShape[] shapes = [.. ShapeEnumeration.Of(request.Model, architecture, request.Space, systems)];
        if (shapes.Length == 0)
        {
            throw new InferometerException(
                $"plan: there is no deployment of {architecture.Name} to look at: none of the frameworks, formats and degrees asked for "
                    + $"goes with {(systems.Count == 1 ? systems[0].System.Name : "any of the systems")}.");
        }

        ScreenedShape[] screened = Screened(request, shapes, systems, progress, cancellationToken);
        return new Search(architecture, systems, unpriced, screened, Numbered(screened));
    }

    private Explanation Explained(
        PlanRequest request, PlanAnswer chosen, TrialRunner runner, TrialMemory memory, IReadOnlyList<SystemChoice> systems,
        ModelArchitecture architecture, CancellationToken cancellationToken)
    {
        Headroom? headroom = null;
        FailureOutcome? failure = null;
        IReadOnlyList<Sensitivity> sensitivities = [];
        Parallel.Invoke(
            new ParallelOptions { CancellationToken = cancellationToken },
            () => headroom = Margins.HeadroomOf(chosen, request.Demand, runner, cancellationToken),
            () => failure = Margins.FailureOf(chosen, request, runner, cancellationToken),
            () => sensitivities = Sensitivities(request, chosen, memory, systems, architecture, cancellationToken));
        return new Explanation(headroom, failure, sensitivities);
    }

    // The question changed in one point each, planned anew over all that may be chosen from.
    private IReadOnlyList<Sensitivity> Sensitivities(
        PlanRequest request, PlanAnswer chosen, TrialMemory memory, IReadOnlyList<SystemChoice> systems, ModelArchitecture architecture,
        CancellationToken cancellationToken)
    {
        (string Change, PlanRequest Request)[] changes = [.. QuestionChanges.Of(request, architecture)];
        Sensitivity[] outcomes = new Sensitivity[changes.Length];
        Parallel.For(0, changes.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            PlanRequest changed = changes[i].Request;
            DeploymentShape[] shapes = [.. ShapeEnumeration.Of(request.Model, architecture, changed.Space, systems)];
            PlanAnswer? answer = NoDearer(changed, shapes, systems, chosen.Provision.DollarsPerHour, memory, cancellationToken)
                ?? Cheapest(
                    changed, Numbered(Screened(changed, shapes, systems, progress: null, cancellationToken)), memory, cancellationToken);
            outcomes[i] = new Sensitivity(
                changes[i].Change, answer?.Deployment, answer?.Replicas ?? default, answer?.Provision ?? default);
        });
        return
        [
            .. outcomes.OrderBy(o => o.Deployment is null)
                .ThenBy(o => o.Provision.DollarsPerHour ?? o.Provision.Devices),
        ];
    }

    // What costs more with a single replica needs no look where something else does not: most changes ask for less.
    private PlanAnswer? NoDearer(
        PlanRequest request, DeploymentShape[] shapes, IReadOnlyList<SystemChoice> systems, double? most, TrialMemory memory,
        CancellationToken cancellationToken)
    {
        if (most is null)
        {
            return null;
        }

        DeploymentShape[] cheap =
        [
            .. shapes.Where(s =>
                Provision.Of(1, s.Devices, request.Spares, request.SpotShare, _prices.Of(s.System)).DollarsPerHour <= most),
        ];
        Candidate[] candidates = Numbered(Screened(request, cheap, systems, progress: null, cancellationToken));
        AnswerSearch search = new(
            new TrialRunner(_plans, request.Level, request.Seed, memory), request.Demand, BoundsOf(request), prunes: true);
        return search.Least(candidates, p => p.DollarsPerHour <= most ? p.DollarsPerHour : null, cancellationToken);
    }

    private ScreenedShape[] Screened(
        PlanRequest request, DeploymentShape[] shapes, IReadOnlyList<SystemChoice> systems, Action<double>? progress,
        CancellationToken cancellationToken)
    {
        Screen screen = new(_plans, _prices, request.Demand, request.Level, request.Space, BoundsOf(request));
        Dictionary<string, int?> counts = systems.ToDictionary(s => s.System.Name, s => s.Count, StringComparer.Ordinal);
        ScreenedShape[] screened = new ScreenedShape[shapes.Length];
        int done = 0;
        Parallel.For(0, shapes.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            screened[i] = screen.Of(shapes[i], counts[shapes[i].System.Name]);
            progress?.Invoke(0.4 * Interlocked.Increment(ref done) / shapes.Length);
        });
        return screened;
    }

    private static Candidate[] Numbered(ScreenedShape[] screened) =>
        [.. screened.SelectMany(s => s.Candidates).Select((c, index) => c with { Index = index })];

    private static ScreenBounds BoundsOf(PlanRequest request) =>
        new(request.MaxDevices, request.BudgetPerMonth, request.Spares, request.SpotShare);

    private IReadOnlyList<SystemChoice> SystemsOf(SearchSpace space, out int unpriced)
    {
        unpriced = 0;
        if (space.Systems.Count > 0)
        {
            if (space.Systems.GroupBy(s => s.System.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            {
                throw new InferometerException($"plan: {twice.Key} is named twice.");
            }

            return space.Systems;
        }

        SystemChoice[] all = [.. _catalogs.Hardware.Systems.Select(s => new SystemChoice(s.System.Name, s.System, Count: null))];
        SystemChoice[] priced = [.. all.Where(s => _prices.Of(s.System) is not null)];
        unpriced = all.Length - priced.Length;
        return priced.Length > 0 ? priced : throw new InferometerException(
            "plan: no system of the catalog has a price; name some with --on.");
    }

    private static IEnumerable<(Rejection Rejection, int Count)> RejectionsOf(
        ScreenedShape[] screened, Candidate[] candidates, AnswerSearch search, PlanAnswer? chosen)
    {
        foreach ((Rejection Rejection, int Count) rejection in screened.SelectMany(s => s.Rejections))
        {
            yield return rejection;
        }

        foreach (Candidate candidate in candidates.Where(c => !ReferenceEquals(c.Deployment, chosen?.Deployment)))
        {
            if (search.Rejected.TryGetValue(candidate.Index, out Rejection? simulated))
            {
                yield return (simulated, 1);
            }
            else if (chosen is not null)
            {
                Provision least = search.Rented(candidate, candidate.Least);
                yield return least.DollarsPerMonth is { } dollars
                    ? (new Rejection(RejectionReason.Dearer, candidate.Deployment, dollars, chosen.Provision.DollarsPerMonth ?? dollars)
                    {
                        Binding = candidate.Capacity.Binding,
                    }, 1)
                    : (new Rejection(RejectionReason.NoPrice, candidate.Deployment, 0, 0), 1);
            }
        }
    }

    /// <summary>How far the chosen answer is from not being one.</summary>
    private sealed record Explanation(Headroom? Headroom, FailureOutcome? Failure, IReadOnlyList<Sensitivity> Sensitivities);

    /// <summary>What the analytic model let pass.</summary>
    private sealed record Search(
        ModelArchitecture Model, IReadOnlyList<SystemChoice> Systems, int Unpriced, ScreenedShape[] Screened, Candidate[] Candidates);
}
