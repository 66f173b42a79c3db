using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Origins;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Serving;

/// <summary>Makes a result of a service that has served all it was asked.</summary>
internal static class ServiceSummary
{
    // Quantities of the series of requests.
    private const int Waiting = 0, Running = 1;
    private const int LeastOfQuarter = 25;
    private const int LeastToFill = 100;
    private const double Fillings = 5; // times as long as a request takes
    private const double LeastDrift = 0.1;

    public static ServiceResult Of(Service service, ICostPlan plan) => Of(service, plan, service.Report());

    private static ServiceResult Of(Service service, ICostPlan plan, ServingReport report)
    {
        ServiceLoad load = LoadOf(service, plan);
        Overload? overload = Overload.Of(service.Outcomes, load.Sustained?.RequestsPerSecond ?? report.RequestsPerSecond);
        return new()
        {
            Report = new Predicted<ServingReport>(report, plan.CostModel),
            Load = load,
            OverTime = OverTime(service),
            Overload = overload,
            WarmUp = service.Options.WarmUp,
            Requests = service.Outcomes.Count,
            Warnings = [.. Warnings(service), .. Filling(service, load, report, overload)],
            Outcomes = service.Options.KeepOutcomes ? service.Outcomes : [],
        };
    }

    // Requests that come for a shorter time than they take say how a service fills and empties, not what it does under their rate.
    private static IEnumerable<string> Filling(Service service, ServiceLoad load, ServingReport report, Overload? overload)
    {
        IReadOnlyList<RequestOutcome> outcomes = service.Outcomes;
        double span = outcomes.Count == 0 ? 0 : outcomes[^1].ArrivalSeconds - outcomes[0].ArrivalSeconds;
        if (service.IsClosed || overload is not null || load.Sustained is not null || report.EndToEnd is not { } each || span <= 0
            || report.Completed < LeastToFill)
        {
            yield break;
        }

        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"Requests come for {span:0.#} s and take {each.Mean:0.#} s each: throughput and cost are those of a service that fills and "
                + $"empties. With --requests {Rounded(outcomes.Count * Fillings * each.Mean / span)} they are those of the rate.");
    }

    // To two digits, upwards.
    private static double Rounded(double count)
    {
        double step = Math.Pow(10, Math.Max(0, Math.Floor(Math.Log10(count)) - 1));
        return Math.Ceiling(count / step) * step;
    }

    private static IEnumerable<string> Warnings(Service service)
    {
        if (service.FirstRefusal is { } refusal)
        {
            long refused = service.Outcomes.LongCount(o => o.FinishReason == FinishReason.None);
            yield return $"{refused} of {service.Outcomes.Count} requests were refused; the first: {refusal}";
        }

        long completed = service.Outcomes.LongCount(o => o.FinishReason != FinishReason.None);
        long measured = service.Report().Completed;
        if (completed > 0 && measured is > 0 and < 100)
        {
            yield return $"{measured} measured requests: percentiles above the median rest on few of them.";
        }

        if (Drift(service) is { } drift)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"Not settled: equal requests fall into step, and the last quarter of them waited {Math.Abs(drift):0 %} "
                    + $"{(drift > 0 ? "longer" : "less long")} for their first token than the second. Let lengths vary, such as "
                    + $"lognormal:MEAN,DEVIATION, as people's do, or ask for more requests.");
        }
    }

    // Of users who ask for the same, those whose prompts were read together end together and ask together again: groups only ever merge,
    // for thousands of requests. What the last quarter's mean time to first token is above the second's; null = that does not tell.
    private static double? Drift(Service service)
    {
        if (!service.IsClosed)
        {
            return null;
        }

        RequestOutcome[] measured =
        [
            .. service.Outcomes.Where((o, i) => service.IsMeasured(i, o.ArrivalSeconds) && double.IsFinite(o.FirstTokenSeconds)),
        ];
        int quarter = measured.Length / 4;
        if (quarter < LeastOfQuarter
            || measured.Any(o => o.PromptTokens != measured[0].PromptTokens || o.OutputTokens != measured[0].OutputTokens))
        {
            return null;
        }

        double Mean(int from) => measured.Skip(from).Take(quarter).Average(o => o.FirstTokenSeconds - o.ArrivalSeconds);
        double drift = (Mean(measured.Length - quarter) / Mean(quarter)) - 1;
        return Math.Abs(drift) > LeastDrift ? drift : null;
    }

    private static ServiceLoad LoadOf(Service service, ICostPlan plan)
    {
        IReadOnlyList<RequestOutcome> outcomes = service.Outcomes;
        double begin = outcomes.Count == 0 ? 0 : outcomes[0].ArrivalSeconds;
        double duration = EndOf(outcomes) - begin;
        int replicas = service.Replicas.Count;
        int devicesEach = plan.Request.Parallelism.AttentionDataParallel
            ? plan.Request.Parallelism.DeviceCount
            : plan.Request.Parallelism.Tensor * plan.Request.Parallelism.Pipeline;
        int devices = replicas * devicesEach;
        double replicaSeconds = replicas * duration;
        double busy = service.Replicas.Sum(r => r.Meter.BusySeconds);
        double idleWatts = plan.Request.Power.Watts(plan.Request.System.Device.TdpWatts, 0, 0) ?? double.NaN;
        double joules = devicesEach * (service.Replicas.Sum(r => r.Meter.Joules) + (idleWatts * Math.Max(0, replicaSeconds - busy)));
        int blocks = service.Replicas[0].Pool.BlockCount;
        double blockSeconds = service.Replicas.Sum(r => r.Series.Total(Replica.KvBlocks));
        (double beside, double promptLeft) = Beside(service);
        return new ServiceLoad
        {
            Devices = devices,
            Replicas = replicas,
            DurationSeconds = duration,
            Steps = service.Replicas.Sum(r => r.Meter.Steps),
            BusyShare = Math.Min(1, Share(busy, replicaSeconds)), // steps are rounded to the clock
            FlopUtilization = Share(service.Replicas.Sum(r => r.Meter.FlopSeconds), replicaSeconds),
            BandwidthUtilization = Share(service.Replicas.Sum(r => r.Meter.BandwidthSeconds), replicaSeconds),
            MeanBatch = Share(service.Replicas.Sum(r => r.Meter.SequenceSeconds), busy),
            BesideSeconds = beside - promptLeft,
            PromptLeftSeconds = promptLeft,
            KvCapacityTokens = (long)blocks * service.Replicas[0].Pool.BlockSize,
            MeanKvUse = Share(blockSeconds, replicaSeconds * blocks),
            PeakKvUse = (double)service.Replicas.Max(r => r.Pool.Statistics.PeakUsedBlocks) / blocks,
            Joules = double.IsNaN(joules) ? null : joules,
            CostUsd = plan.Request.System.Device.PricePerHourUsd * devices * duration / 3600,
            Completed = outcomes.LongCount(o => o.FinishReason is FinishReason.Length or FinishReason.Stop),
            OutputTokens = outcomes.Sum(o => (long)o.OutputTokens),
            Sustained = SustainedRates.Of(outcomes, FirstMeasured(service)),
        };
    }

    private static double FirstMeasured(Service service)
    {
        for (int i = 0; i < service.Outcomes.Count; i++)
        {
            if (service.IsMeasured(i, service.Outcomes[i].ArrivalSeconds))
            {
                return service.Outcomes[i].ArrivalSeconds;
            }
        }

        return 0;
    }

    private static EquatableList<LoadPoint> OverTime(Service service)
    {
        IReadOnlyList<RequestOutcome> outcomes = service.Outcomes;
        double end = EndOf(outcomes);
        LoadSeries requests = new(2);
        requests.Cover(end);
        for (int i = 0; i < outcomes.Count; i++)
        {
            RequestOutcome outcome = outcomes[i];
            double left = outcome.FinishSeconds - service.BesideSeconds(i); // the engine: on its way nobody takes a place in a batch
            double admitted = double.IsNaN(outcome.AdmittedSeconds) ? left : outcome.AdmittedSeconds;
            requests.Add(Waiting, outcome.ArrivalSeconds, admitted, 1);
            requests.Add(Running, admitted, left, 1);
        }

        foreach (Replica replica in service.Replicas)
        {
            replica.Series.Cover(end);
        }

        double blocks = service.Replicas.Sum(r => (double)r.Pool.BlockCount);
        return
        [
            .. Enumerable.Range(0, requests.Used).Select(i => new LoadPoint(
                i * requests.WidthSeconds,
                requests.Mean(Waiting, i),
                requests.Mean(Running, i),
                service.Replicas.Sum(r => r.Series.Mean(Replica.Batch, i)),
                service.Replicas.Sum(r => r.Series.Mean(Replica.KvBlocks, i)) / blocks,
                service.Replicas.Sum(r => r.Series.Mean(Replica.Tokens, i)))),
        ];
    }

    // Means over the measured requests: all that lay outside the engine's steps, and the prompts' part of it.
    private static (double All, double PromptLeft) Beside(Service service)
    {
        double seconds = 0;
        long measured = 0;
        for (int i = 0; i < service.Outcomes.Count; i++)
        {
            RequestOutcome outcome = service.Outcomes[i];
            if (outcome.FinishReason != FinishReason.None && service.IsMeasured(i, outcome.ArrivalSeconds))
            {
                seconds += service.BesideSeconds(i);
                measured++;
            }
        }

        return (Share(seconds, measured), Share(service.MeasuredPromptLeftSeconds, measured));
    }

    private static double EndOf(IReadOnlyList<RequestOutcome> outcomes)
    {
        double end = 0;
        foreach (RequestOutcome outcome in outcomes)
        {
            end = Math.Max(end, outcome.FinishSeconds);
        }

        return end;
    }

    private static double Share(double part, double whole) => whole > 0 ? part / whole : 0;
}
