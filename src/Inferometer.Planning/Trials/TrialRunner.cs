using Inferometer.Core.Hardware;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Screening;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Planning.Trials;

/// <summary>
/// Simulates deployments with the serving simulator: the framework's own scheduling policy, with the deployment's limits. What comes out
/// depends on the deployment, the load and the seed alone. Thread-safe.
/// </summary>
/// <param name="plans">Makes cost plans.</param>
/// <param name="level">What must be kept.</param>
/// <param name="seed">Equal seeds give equal requests.</param>
/// <param name="memory">Simulations of the same model that were run already; null = none.</param>
internal sealed class TrialRunner(DeploymentPlans plans, ServiceLevel level, ulong seed, TrialMemory? memory = null)
{
    // More replicas than these are simulated by so many of them under their part of the load: they are alike.
    private const int MostApart = 8;
    private const int MostOfFleet = 4;
    private const int LeastMeasured = 400;
    private const int MostMeasured = 20_000;
    private const int BeyondPercentile = 40;
    private const int LongRun = 25; // times as many requests
    private const double LongRunTokens = 4e6;
    private const int LeastBlock = 16;
    private const int Settlings = 8;
    private const int AmpleRoom = 4; // lengths vary: so many mean requests hold any that run at once

    private readonly TrialMemory _memory = memory ?? new TrialMemory();

    /// <summary>The level that outcomes are held against.</summary>
    public ServiceLevel Level => level;

    /// <summary>
    /// All replicas behind a router, of many equal ones some. Where the level is kept they serve other requests too, and the time of each
    /// limit is the worse of both: what is found is not found for the requests that it was looked for with.
    /// </summary>
    public Trial Of(Deployment deployment, ReplicaCount replicas, ServiceDemand demand, CancellationToken cancellationToken)
    {
        (ReplicaCount part, ServiceDemand load) = PartOf(replicas, demand);
        int measured = Math.Max(Measured(), 2 * load.Users);
        Trial first = Run(deployment, part, load, seed, measured, cancellationToken);
        return first.Meets ? first.WorseOf(Run(deployment, part, load, seed + 1, measured, cancellationToken)) : first;
    }

    /// <summary>
    /// A trial that keeps the level, held against a long run of the same. The nearer a service at a rate is to its limits, the longer its
    /// queue takes to become as long as it gets: what a thousand requests never see, ten thousand do. Users who wait for their answers
    /// make no such queue.
    /// </summary>
    public Trial Confirmed(
        Deployment deployment, ReplicaCount replicas, ServiceDemand demand, Trial trial, CancellationToken cancellationToken)
    {
        if (demand.IsClosed || !trial.Meets)
        {
            return trial;
        }

        (ReplicaCount part, ServiceDemand load) = PartOf(replicas, demand);
        int usual = Measured();
        double many = Math.Max(2 * usual, LongRunTokens / Math.Max(1, load.MeanOutput));
        int measured = (int)Math.Min(many, Math.Min(LongRun * usual, MostMeasured));
        return trial.WorseOf(Run(deployment, part, load, seed + 2, measured, cancellationToken));
    }

    private static (ReplicaCount Replicas, ServiceDemand Demand) PartOf(ReplicaCount replicas, ServiceDemand demand) =>
        Part(replicas, demand, replicas.Prefill > 0 ? MostApart : MostOfFleet);

    private static (ReplicaCount Replicas, ServiceDemand Demand) Part(ReplicaCount replicas, ServiceDemand demand, int most)
    {
        if (replicas.Total <= most)
        {
            return (replicas, demand);
        }

        if (replicas.Prefill == 0)
        {
            return (new ReplicaCount(most), demand.IsClosed
                ? demand with { Users = most * demand.Share(replicas.Total).Users }
                : demand.Scale((double)most / replicas.Total));
        }

        double units = Math.Ceiling((double)replicas.Total / most);
        int prefill = Math.Max(1, (int)Math.Round(replicas.Prefill / units));
        int decode = Math.Max(1, (int)Math.Round(replicas.Decode / units));
        double share = Math.Max((double)prefill / replicas.Prefill, (double)decode / replicas.Decode);
        return (new ReplicaCount(prefill + decode, prefill), demand.Scale(share));
    }

    private Trial Run(
        Deployment deployment, ReplicaCount replicas, ServiceDemand demand, ulong requests, int measured,
        CancellationToken cancellationToken) => Outcome(
            _memory.Of(
                deployment, replicas, demand, measured, requests,
                () => Serve(deployment, replicas, demand, measured, requests, cancellationToken)),
            replicas, demand);

    private ServedRequests Serve(
        Deployment deployment, ReplicaCount replicas, ServiceDemand demand, int measured, ulong requests,
        CancellationToken cancellationToken)
    {
        ICostPlan plan = plans.Of(deployment);
        KvRoom room = KvRoom.Of(plan, demand);
        ReplicaModel model = new(plan, demand);
        double turn = model.At(Math.Max(1, (double)demand.Users / Math.Max(1, replicas.Decode))).EndToEnd;
        int warm = demand.IsClosed ? demand.Users : Math.Max(measured / 10, UnderWay(deployment, model, replicas, demand));
        IArrivalSource Source()
        {
            GeneratedArrivals generated = new(demand.Traffic(measured + warm, requests));
            return demand.IsClosed ? new StaggeredUsers(generated, demand.Users, turn) : generated;
        }

        ServingSimulationOptions options = Options(deployment, plan, replicas, room, demand) with { WarmUp = new WarmUp(warm, 0) };
        double real = Math.Max(1, Blocks(room.Requests, demand, options.BlockSize));

        // Of prompts that begin alike with none only one that gave way would be found again: to keep them takes longest, and changes
        // nothing where none did.
        bool alike = demand.SharedPrefixTokens > 0;
        ServiceResult result = ServingSimulation.Serve(
            Source(), plan, options with { PrefixCaching = options.PrefixCaching && alike }, cancellationToken);
        if (options.PrefixCaching && !alike && result.Outcomes.Any(o => o.Preemptions > 0))
        {
            result = ServingSimulation.Serve(Source(), plan, options, cancellationToken);
        }

        result = result with
        {
            Load = result.Load with { PeakKvUse = result.Load.PeakKvUse * options.BlockCount!.Value / real },
        };
        return new ServedRequests(result, warm, plan.Basis);
    }

    // Requests at a rate find an empty service: it is as full as it becomes when twice as many came as are under way then.
    private static int UnderWay(Deployment deployment, ReplicaModel model, ReplicaCount replicas, ServiceDemand demand)
    {
        double each = 1;
        for (int i = 0; i < Settlings; i++)
        {
            each = Math.Clamp(
                demand.RequestsPerSecond / replicas.Decode * model.At(each, replicas.Prefill > 0).EndToEnd, 1, deployment.MaxSequences);
        }

        return (int)Math.Ceiling(2 * each * replicas.Decode);
    }

    private static ServingSimulationOptions Options(
        Deployment deployment, ICostPlan plan, ReplicaCount replicas, KvRoom room, ServiceDemand demand)
    {
        ServingSimulationOptions options = deployment.Shape.Framework.OptionsFor(plan);
        Link link = plan.Request.System.InterNode;
        // Blocks that nobody can use would only take time and memory to keep; cells of one token are as good in sixteens.
        int block = Math.Max(LeastBlock, options.BlockSize);
        int atOnce = Math.Min(deployment.MaxSequences, demand.IsClosed ? demand.Users : int.MaxValue);
        bool ample = room.Requests >= AmpleRoom * (double)atOnce;
        double blocks = Blocks(ample ? AmpleRoom * atOnce : room.Requests, demand, block);
        return options with
        {
            BlockSize = block,
            Scheduler = options.Scheduler with { MaxSequences = deployment.MaxSequences, MaxTokensPerStep = deployment.StepTokens },
            BlockCount = (int)Math.Clamp(blocks, 1, int.MaxValue / (2 * block)),
            Replicas = replicas.Total,
            Routing = RoutingPolicy.LeastTokens,
            Disaggregation = replicas.Prefill == 0 ? null : new Disaggregation
            {
                PrefillReplicas = replicas.Prefill,
                BandwidthBytesPerSecond = link.Bandwidth,
                LatencySeconds = link.LatencySeconds,
            },
            KeepOutcomes = true,
        };
    }

    private static double Blocks(double requests, ServiceDemand demand, int block) =>
        Math.Ceiling(requests * (demand.MeanInput + demand.MeanOutput) / block);

    private int Measured()
    {
        double percentile = level.Limits.Max(l => l.Percentile ?? 100);
        return percentile >= 100 ? 1000
            : (int)Math.Clamp(BeyondPercentile / (1 - (percentile / 100)), LeastMeasured, MostMeasured);
    }

    private Trial Outcome(ServedRequests served, ReplicaCount replicas, ServiceDemand demand)
    {
        ServiceResult result = served.Result;
        ServingReport report = result.Report.Value;
        long refused = report.Rejected;
        return new Trial
        {
            Replicas = replicas,
            Limits = [.. level.Limits.Select(limit => Limit(limit, served.Sorted(limit.Metric), served.Basis))],
            Fault = served.Count == 0 ? result.Warnings.FirstOrDefault() ?? "nothing was answered"
                : refused > 0 ? FormattableString.Invariant($"{refused} requests are longer than the cache or the model takes")
                : !demand.IsClosed && result.Overload is not null ? "requests come faster than they are answered"
                : null,
            TimeToFirstToken = Median(served.Sorted(LatencyMetric.TimeToFirstToken)),
            TimePerOutputToken = Median(served.Sorted(LatencyMetric.TimePerOutputToken)),
            EndToEnd = Median(served.Sorted(LatencyMetric.EndToEnd)),
            AdmissionSeconds = result.Load.BesideSeconds,
            RequestsPerSecond = report.RequestsPerSecond,
            OutputTokensPerSecond = report.OutputTokensPerSecond,
            Attainment = served.Attainment(level.Limits),
            JoulesPerToken = result.Load.JoulesPerOutputToken,
            PeakKvUse = result.Load.PeakKvUse,
            BusyShare = result.Load.BusyShare,
            MeanBatch = result.Load.MeanBatch,
            Measured = served.Count,
        };
    }

    private LimitOutcome Limit(SloLimit limit, double[] values, EstimateBasis? basis)
    {
        // A metric that no request has (one token has no time per output token) keeps any limit.
        double at = values.Length == 0 ? 0 : Percentile.Of(values, limit.Percentile ?? 100);
        Interval? half = null, nine = null;
        if (basis is not null)
        {
            var band = ServiceLevel.BandOf(limit.Metric, basis);
            (half, nine) = (EstimateBasis.Half(band, at), EstimateBasis.NineTenths(band, at));
        }

        return new LimitOutcome(limit, Median(values), at, level.AllowedSeconds(limit, basis), half, nine);
    }

    private static double Median(double[] sorted) => sorted.Length == 0 ? 0 : Percentile.Of(sorted, 50);
}
