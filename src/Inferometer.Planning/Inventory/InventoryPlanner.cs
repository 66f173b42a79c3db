using Inferometer.Core;
using Inferometer.Core.Caching;
using Inferometer.Core.Models;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Programs;
using Inferometer.Planning.Screening;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Requests;

namespace Inferometer.Planning.Inventory;

/// <summary>
/// What can be served on devices that are there: of each model the longest context, the most users, and how fast. Analytic throughout, so
/// that all models of the catalog are answered for in seconds; a plan of one of them simulates. Thread-safe.
/// </summary>
/// <param name="catalogs">Models and systems that can be named.</param>
/// <param name="kvProfiles">What reads compression profiles of the KV cache; null = only q8 and q4 can be named.</param>
public sealed class InventoryPlanner(Catalogs catalogs, IKvProfileReader? kvProfiles = null)
{
    private const double Unlimited = 1e9;
    private readonly DeploymentPlans _plans = new(catalogs.CreateEngine(kvProfiles), catalogs.CostModels);

    /// <summary>A row for each model and system, the largest model first.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="progress">Told the share that is done, 0 to 1, from any thread; null = nobody is told.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="InferometerException">A model is not known, or no system is named.</exception>
    public IReadOnlyList<InventoryRow> Plan(
        InventoryRequest request, Action<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Systems.Count == 0)
        {
            throw new InferometerException("plan: say on what with --on, such as --on 8xh100.");
        }

        (string Name, ModelArchitecture Model)[] models = request.Models.Count > 0
            ? [.. request.Models.Select(m => (m, catalogs.Models.Resolve(m)))]
            : [.. catalogs.Models.Models.Select(m => (m.Name, m.Architecture))];
        (SystemChoice System, string Name, ModelArchitecture Model)[] cases =
            [.. from system in request.Systems from model in models select (system with { Count = system.Count ?? 1 }, model.Name,
                model.Model)];
        InventoryRow[] rows = new InventoryRow[cases.Length];
        int done = 0;
        Parallel.For(0, cases.Length, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            rows[i] = Row(request, cases[i].System, cases[i].Name, cases[i].Model);
            progress?.Invoke((double)Interlocked.Increment(ref done) / cases.Length);
        });
        return
        [
            .. rows.OrderBy(r => r.Deployment is null).ThenByDescending(r => r.Parameters).ThenBy(r => r.Model, StringComparer.Ordinal)
                .ThenByDescending(r => r.Users),
        ];
    }

    private InventoryRow Row(InventoryRequest request, SystemChoice system, string name, ModelArchitecture model)
    {
        InventoryRow row = new() { Model = model.Name, Parameters = ParameterCount.Of(model).Total, System = system };
        if (ServiceDemand.BeyondContext(model, (long)request.Requests.MeanInput + request.Requests.MeanOutput) is { } beyond)
        {
            return row with { Reason = beyond };
        }

        string? reason = null;
        double nearest = double.PositiveInfinity;
        foreach (DeploymentShape shape in ShapeEnumeration.Of(name, model, request.Space, [system]))
        {
            (InventoryRow? found, string? why, double excess) = Of(request, shape, row);
            if (found is not null && (row.Deployment is null || found.Users > row.Users))
            {
                row = found with { LongestContext = Math.Max(row.LongestContext, found.LongestContext) };
            }
            else if (found is not null)
            {
                row = row with { LongestContext = Math.Max(row.LongestContext, found.LongestContext) };
            }
            else if (excess < nearest)
            {
                (reason, nearest) = (why, excess);
            }
        }

        return row.Deployment is not null ? row
            : row with { Reason = reason ?? "no framework, format and degree of parallelism goes with these devices" };
    }

    private (InventoryRow? Row, string? Reason, double Excess) Of(InventoryRequest request, DeploymentShape shape, InventoryRow start)
    {
        ServingProgram program = ServingPrograms.Find(shape.Framework.Name, "framework");
        int[] sequences = [.. request.Space.Sequences.Count > 0 ? request.Space.Sequences : program.Sequences];
        int tokens = (request.Space.StepTokens.Count > 0 ? request.Space.StepTokens : program.StepTokens)[0];
        ServiceDemand demand = request.Requests;
        ServiceLevel level = request.Level ?? Any;
        try
        {
            ICostPlan plan = _plans.Of(shape);
            ICostPlan least = _plans.WithLimits(plan, sequences[0], tokens);
            KvRoom most = KvRoom.Of(least, demand);
            ReplicaModel model = new(plan, demand);
            if (!most.HoldsWeights || most.Requests < 1 || Capacity.Of(model, level, plan.Basis, 1, 1, apart: false) is null)
            {
                return Missed(most, model, level, plan.Basis, shape);
            }

            // The larger the batch limit, the less is left to the cache: the best is where the two meet, or where the level binds.
            (Capacity Capacity, Deployment Deployment)? best = null;
            Capacity free = Capacity.Of(model, level, plan.Basis, most.Requests, sequences[^1], apart: false)!;
            int enough = sequences.FirstOrDefault(limit => limit >= free.Point.Users, sequences[^1]);
            foreach (int limit in sequences.Where(limit => limit <= enough).OrderDescending())
            {
                KvRoom room = KvRoom.Of(_plans.WithLimits(plan, limit, tokens), demand);
                if (room.HoldsWeights && Capacity.Of(model, level, plan.Basis, room.Requests, limit, apart: false) is { } capacity
                    && !(capacity.Point.Sequences <= best?.Capacity.Point.Sequences))
                {
                    best = (capacity, new Deployment { Shape = shape, MaxSequences = limit, StepTokens = tokens });
                }

                if (room.Requests >= limit)
                {
                    break;
                }
            }

            int replicas = start.System.Count!.Value / shape.Devices;
            int context = least.EstimateMemory(new WorkloadPoint(plan.Request.Parallelism.Data, demand.MeanInput, demand.MeanOutput))
                ?.LongestContextTokens ?? 0;
            if (best is not { } answer)
            {
                return Missed(most, model, level, plan.Basis, shape);
            }

            FluidPoint point = answer.Capacity.Point;
            return (start with
            {
                Deployment = answer.Deployment,
                Replicas = replicas,
                Users = replicas * (int)Math.Min(answer.Deployment.MaxSequences, Math.Floor(point.Users + 1e-9)),
                Binding = answer.Capacity.Binding,
                LongestContext = context,
                TimeToFirstToken = point.TimeToFirstToken,
                TimePerOutputToken = point.TimePerOutputToken,
                OutputTokensPerSecond = replicas * point.RequestsPerSecond * demand.MeanOutput,
            }, null, 0);
        }
        catch (InferometerException error)
        {
            return (null, error.Message, double.MaxValue);
        }
    }

    private static (InventoryRow? Row, string Reason, double Excess) Missed(
        KvRoom room, ReplicaModel model, ServiceLevel level, EstimateBasis? basis, DeploymentShape shape)
    {
        Deployment one = new() { Shape = shape, MaxSequences = 1, StepTokens = 1 };
        if (!room.HoldsWeights || room.Requests < 1)
        {
            Rejection memory = room.HoldsWeights
                ? new Rejection(RejectionReason.KvCache, one, room.Requests, 1)
                : new Rejection(RejectionReason.Weights, one, room.CapacityBytes, room.NeededBytes);
            return (null, $"{memory} ({shape.Formats()}, {shape.Framework.Name})", room.HoldsWeights ? 1 : memory.Excess);
        }

        FluidPoint alone = model.At(1);
        SloLimit limit = level.Limits.First(l => Capacity.ValueOf(l.Metric, alone) > level.AllowedSeconds(l, basis));
        RejectionReason reason = limit.Metric switch
        {
            LatencyMetric.TimeToFirstToken => RejectionReason.TimeToFirstToken,
            LatencyMetric.TimePerOutputToken => RejectionReason.TimePerOutputToken,
            LatencyMetric.InterTokenLatency => RejectionReason.InterTokenLatency,
            _ => RejectionReason.EndToEnd,
        };
        Rejection late = new(reason, one, Capacity.ValueOf(limit.Metric, alone), level.AllowedSeconds(limit, basis));
        return (null, late.ToString(), late.Excess);
    }

    private static ServiceLevel Any { get; } = ServiceLevel.Of(new Slo([new SloLimit(LatencyMetric.EndToEnd, Unlimited)]), 50);
}
