using Inferometer.Core;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Prices;
using Inferometer.Planning.Programs;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;

namespace Inferometer.Planning.Screening;

/// <summary>
/// Holds the deployments of a shape against the analytic model: every limit of steps that its program offers, prompts with the others and
/// apart. What passes has the least replicas that the load takes by that model. Thread-safe.
/// </summary>
/// <param name="plans">Makes cost plans.</param>
/// <param name="prices">What systems cost.</param>
/// <param name="demand">The load.</param>
/// <param name="level">What must be kept.</param>
/// <param name="space">What may be chosen from.</param>
/// <param name="bounds">What may be spent.</param>
internal sealed class Screen(
    DeploymentPlans plans, PriceList prices, ServiceDemand demand, ServiceLevel level, SearchSpace space, ScreenBounds bounds)
{
    private const double BusiestPrefill = 0.95; // an optimistic bound: prompts follow one another nearly without a gap
    private readonly int _lateInput = level.Limits.FirstOrDefault(l => l.Metric == LatencyMetric.TimeToFirstToken) is { } first
        ? demand.InputAt(first.Percentile ?? 100)
        : 0;

    /// <summary>What becomes of every deployment of a shape.</summary>
    public ScreenedShape Of(DeploymentShape shape, int? devices)
    {
        ServingProgram program = ServingPrograms.Find(shape.Framework.Name, "framework");
        IReadOnlyList<int> sequences = space.Sequences.Count > 0 ? space.Sequences : program.Sequences;
        IReadOnlyList<int> tokens = space.StepTokens.Count > 0 ? space.StepTokens : program.StepTokens;
        ScreenedShape screened = new(shape, sequences.Count * tokens.Count * Modes(program).Count());
        ICostPlan plan;
        ReplicaModel model;
        try
        {
            plan = plans.Of(shape);
            model = new ReplicaModel(plan, demand, _lateInput);
        }
        catch (InferometerException error)
        {
            return screened.RejectAll(new Rejection(RejectionReason.Impossible, First(shape, sequences, tokens), 0,
                0)
            { Note = error.Message });
        }

        // The least that any of its limits takes: where that does not fit, nothing does.
        KvRoom most = KvRoom.Of(plan, demand, sequences[0], tokens[0], plans);
        if (!most.HoldsWeights || most.Requests < 1)
        {
            RejectionReason reason = most.HoldsWeights ? RejectionReason.KvCache : RejectionReason.Weights;
            return screened.RejectAll(new Rejection(
                reason,
                First(shape, sequences, tokens),
                most.HoldsWeights ? most.Requests : most.CapacityBytes,
                most.HoldsWeights ? 1 : most.NeededBytes));
        }

        // What prompts apart change is time, not memory.
        Dictionary<(int Sequences, int Tokens), KvRoom> rooms = new() { [(sequences[0], tokens[0])] = most };
        KvRoom RoomOf(int limit, int budget)
        {
            if (!rooms.TryGetValue((limit, budget), out KvRoom room))
            {
                rooms[(limit, budget)] = room = KvRoom.Of(plan, demand, limit, budget, plans);
            }

            return room;
        }

        foreach (bool apart in Modes(program))
        {
            screened.Points.AddRange(Points(shape, plan.Basis, model, most.Requests, sequences, tokens, apart));
            FluidPoint alone = model.At(1, apart);
            if (Capacity.Fails(alone, level, plan.Basis) is { } floor)
            {
                screened.Reject(Floor(floor, First(shape, sequences, tokens) with { IsDisaggregated = apart }, alone, plan.Basis),
                    sequences.Count * tokens.Count);
                continue;
            }

            foreach (int budget in tokens)
            {
                Limits(screened, shape, plan, model, sequences, limit => RoomOf(limit, budget), budget, apart, devices);
            }
        }

        return screened;
    }

    // Of the limits of sequences one is kept: that which takes the fewest replicas, and of these the least, which leaves most to the cache.
    private void Limits(
        ScreenedShape screened, DeploymentShape shape, ICostPlan plan, ReplicaModel model, IReadOnlyList<int> sequences,
        Func<int, KvRoom> roomOf, int budget, bool apart, int? devices)
    {
        Capacity free = Capacity.Of(model, level, plan.Basis, int.MaxValue, sequences[^1], apart)!;
        List<Candidate> kept = [];
        List<Rejection> fallen = [];

        // What runs at once never exceeds what the level lets it: a larger batch limit would only take memory, and a smaller one is worth a
        // look only where memory is short.
        int enough = sequences.FirstOrDefault(limit => limit >= InFlight(free), sequences[^1]);
        bool isAll = false;
        foreach (int limit in sequences.OrderByDescending(limit => limit <= enough).ThenByDescending(limit => limit))
        {
            Deployment deployment = new() { Shape = shape, MaxSequences = limit, StepTokens = budget, IsDisaggregated = apart };
            if (isAll || limit > enough)
            {
                fallen.Add(new Rejection(RejectionReason.Dominated, deployment, limit, limit));
                continue;
            }

            KvRoom room = roomOf(limit);
            if (!room.HoldsWeights)
            {
                fallen.Add(new Rejection(RejectionReason.Weights, deployment, room.CapacityBytes, room.NeededBytes));
                continue;
            }

            if (Capacity.Of(model, level, plan.Basis, room.Requests, limit, apart) is not { } capacity)
            {
                fallen.Add(new Rejection(RejectionReason.KvCache, deployment, room.Requests, 1));
                continue;
            }

            ReplicaCount least = Least(capacity, model, limit, plan.Basis, apart);
            kept.Add(new Candidate
            {
                Deployment = deployment,
                Index = 0,
                Capacity = capacity,
                Room = room,
                Least = least,
                MostDevices = Most(devices),
                Price = prices.Of(shape.System),
                TimePerOutputToken = model.At(PerReplica(capacity, least), apart).TimePerOutputToken,
                Basis = plan.Basis,
            });

            // Users who wait for a place leave tokens of the others faster: of a closed loop a smaller batch may carry more of them.
            isAll = capacity.Point.Sequences >= free.Point.Sequences && !(demand.IsClosed && free.SlackSeconds(level, plan.Basis) > 0);
        }

        Candidate? best = kept.OrderBy(c => c.Least.Total).ThenBy(c => c.Deployment.MaxSequences).FirstOrDefault();
        foreach (Candidate other in kept.Where(c => !ReferenceEquals(c, best)))
        {
            fallen.Add(new Rejection(RejectionReason.Dominated, other.Deployment, other.Least.Total, best!.Least.Total));
        }

        fallen.ForEach(f => screened.Reject(f, 1));
        if (best is null)
        {
            return;
        }

        if (Unaffordable(best) is { } rejection)
        {
            screened.Reject(rejection, 1);
            return;
        }

        screened.Candidates.Add(best);
    }

    private ReplicaCount Least(Capacity capacity, ReplicaModel model, int limit, EstimateBasis? basis, bool apart)
    {
        double carried = demand.IsClosed ? UsersOf(capacity, limit, basis) : capacity.Point.RequestsPerSecond;
        double asked = demand.IsClosed ? demand.Users : demand.RequestsPerSecond;
        int decode = (int)Math.Max(1, Math.Min(1 << 20, Math.Ceiling((asked / Math.Max(carried, 1e-12)) - 1e-9)));
        if (!apart)
        {
            return new ReplicaCount(decode);
        }

        // All requests of all users that decode, over what one replica reads.
        double rate = demand.IsClosed ? Math.Min(demand.Users / capacity.Point.EndToEnd, decode * capacity.Point.RequestsPerSecond)
            : demand.RequestsPerSecond;
        int prefill = (int)Math.Max(1, Math.Ceiling((rate * model.Prompt / model.Ranks / BusiestPrefill) - 1e-9));
        return new ReplicaCount(decode + prefill, prefill);
    }

    // Where the batch limit binds, others may wait for a place as long as the limits of whole answers and first tokens leave time for it.
    private double UsersOf(Capacity capacity, int limit, EstimateBasis? basis)
    {
        double placed = Math.Min(capacity.Point.Users, limit);
        double slack = capacity.Binding == Binding.BatchLimit ? capacity.SlackSeconds(level, basis) : 0;
        return Math.Floor(placed + (slack * capacity.Point.RequestsPerSecond) + 1e-9);
    }

    private double PerReplica(Capacity capacity, ReplicaCount least) => demand.IsClosed
        ? Math.Min(capacity.Point.Sequences, Math.Ceiling((double)demand.Users / least.Decode))
        : Math.Min(capacity.Point.Sequences, Math.Max(1, capacity.Point.Sequences * demand.RequestsPerSecond
            / (least.Decode * capacity.Point.RequestsPerSecond)));

    // Requests at a rate come in clusters: four standard deviations of a Poisson number beyond the mean.
    private double InFlight(Capacity capacity) => demand.IsClosed
        ? Math.Min(demand.Users, Math.Ceiling(capacity.Point.Users))
        : capacity.Point.Sequences + (4 * Math.Sqrt(capacity.Point.Sequences));

    private Rejection? Unaffordable(Candidate candidate)
    {
        DeploymentShape shape = candidate.Deployment.Shape;
        Provision provision = Provision.Of(candidate.Least.Total, shape.Devices, bounds.Spares, bounds.SpotShare, candidate.Price);
        if (candidate.MostDevices is { } allowed && provision.Devices > allowed)
        {
            // What each of the replicas that there may be would have to serve at once, as users are dealt out to them.
            int replicas = Math.Max(1, (allowed / shape.Devices) - bounds.Spares - candidate.Least.Prefill);
            double needed = demand.IsClosed
                ? Math.Ceiling((double)demand.Users / replicas)
                : Math.Ceiling(demand.RequestsPerSecond / replicas * candidate.Capacity.Point.EndToEnd);
            Binding binding = candidate.Capacity.Binding;
            double holds = binding == Binding.KvCache ? candidate.Room.Requests : Math.Floor(candidate.Capacity.Point.Users + 1e-9);
            return new Rejection(
                binding == Binding.KvCache ? RejectionReason.KvCache : RejectionReason.Load, candidate.Deployment, holds,
                    Math.Max(needed, holds + 1))
            {
                Binding = binding,
                LeastDevices = provision.Devices,
            };
        }

        return bounds.BudgetPerMonth is { } budget && provision.DollarsPerMonth is { } dollars && dollars > budget
            ? new Rejection(RejectionReason.Budget, candidate.Deployment, dollars, budget) { LeastDevices = provision.Devices }
            : null;
    }

    private int? Most(int? devices) => (bounds.MaxDevices, devices) switch
    {
        ({ } a, { } b) => Math.Min(a, b),
        (var a, var b) => a ?? b,
    };

    private Rejection Floor(Binding floor, Deployment deployment, in FluidPoint alone, EstimateBasis? basis)
    {
        var limit = level.Limits.First(l => Capacity.BindingOf(l.Metric) == floor);
        RejectionReason reason = floor switch
        {
            Binding.TimeToFirstToken => RejectionReason.TimeToFirstToken,
            Binding.TimePerOutputToken => RejectionReason.TimePerOutputToken,
            Binding.InterTokenLatency => RejectionReason.InterTokenLatency,
            _ => RejectionReason.EndToEnd,
        };
        FluidPoint point = alone;
        return new Rejection(reason, deployment, Capacity.ValueOf(limit.Metric, point), level.AllowedSeconds(limit, basis))
        {
            Others =
            [
                .. level.Limits.Where(l => l.Metric != limit.Metric).Select(l => (l, Capacity.ValueOf(l.Metric, point)))
                    .Where(l => l.Item2 > level.AllowedSeconds(l.l, basis)),
            ],
        };
    }

    private IEnumerable<ParetoPoint> Points(
        DeploymentShape shape, EstimateBasis? basis, ReplicaModel model, int room, IReadOnlyList<int> sequences, IReadOnlyList<int> tokens,
        bool apart)
    {
        // Where prompts are read apart, the devices that read them count too, and how many that are depends on the load.
        if (apart)
        {
            yield break;
        }

        double? price = prices.Of(shape.System)?.PerHour;
        for (int b = 1; b <= Math.Min(room, sequences[^1]); b *= 2)
        {
            FluidPoint point = model.At(b);
            double tokensPerSecond = point.RequestsPerSecond * demand.MeanOutput;
            yield return new ParetoPoint(
                new Deployment
                {
                    Shape = shape,
                    MaxSequences = sequences.First(s =>
                    s >= Math.Min(b, sequences[^1])),
                    StepTokens = tokens[^1]
                },
                b,
                1 / point.TimePerOutputToken,
                tokensPerSecond / shape.Devices,
                point.TimeToFirstToken,
                price * shape.Devices / 3600 / tokensPerSecond * 1e6,
                Capacity.Fails(point, level, basis) is null);
        }
    }

    private IEnumerable<bool> Modes(ServingProgram program)
    {
        if (space.Aggregated || !program.CanSeparate)
        {
            yield return false;
        }

        if (space.Disaggregated && program.CanSeparate)
        {
            yield return true;
        }
    }

    private static Deployment First(DeploymentShape shape, IReadOnlyList<int> sequences, IReadOnlyList<int> tokens) =>
        new() { Shape = shape, MaxSequences = sequences[0], StepTokens = tokens[0] };
}
