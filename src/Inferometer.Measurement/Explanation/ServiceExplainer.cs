using Inferometer.Core;
using Inferometer.Measurement.Replay;
using Inferometer.Measurement.Validation;
using Inferometer.Simulation;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Explanation;

/// <summary>
/// Explains what was measured of a service by its simulation: takes the simulated times apart, simulates what may be other than stated
/// until the measured times come out, and simulates changes that may help.
/// </summary>
/// <param name="engine">The simulator.</param>
public sealed class ServiceExplainer(SimulationEngine engine)
{
    // Changes that bring less are lost in what the forecast does not know.
    private const double LeastGain = 0.01;

    // A forecast so near needs no cause, and a cause so near is one: repeated measurements are as far apart.
    internal const double Near = 0.1;

    // A cause is worth a line where it takes a third of the distance away.
    private const double Nearer = 2.0 / 3;
    private const int MostCauses = 6;
    private const int MostPaired = 4;

    /// <summary>Explains.</summary>
    /// <param name="service">What runs, and what is asked of it.</param>
    /// <param name="observed">What was measured.</param>
    /// <param name="cancellationToken">Ends the simulations.</param>
    /// <exception cref="InferometerException">Nothing was measured, a value cannot be, or the deployment is impossible.</exception>
    public ServiceExplanation Explain(ExplainedService service, ObservedService observed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(observed);
        ICostPlan plan = engine.Prepare(service.Config);
        ServiceForecast forecast = Simulate(service, plan, new ServiceChange("", ""), apart: true, cancellationToken);
        ServiceLoad load = forecast.Result.Load;
        double outputTokens = (double)load.OutputTokens / load.Completed;
        MeasurementCheck.Require(
            "what was measured", observed.TtftMs, observed.TpotMs, observed.EndToEndMs, forecast.TtftMs - forecast.QueueMs,
            forecast.TpotMs, forecast.EndToEndMs - forecast.QueueMs, LeastTimes.Of(plan, outputTokens));
        ObservedService whole = observed.Completed(outputTokens);
        double distance = whole.DistanceOf(forecast);
        ServiceCause[] causes = distance <= Near ? [] : Causes(service, plan, forecast, whole, distance, cancellationToken);
        ServiceCause? cause = causes is [{ Distance: <= Near } first, ..] ? first : null;
        ServiceExplanation explanation = new()
        {
            CostModel = plan.CostModel,
            RestsOn = PlanBasis.Of(plan),
            Observed = whole,
            Forecast = forecast,
            Distance = distance,
            Causes = causes,
            Cause = cause,
            Findings = [],
            Advice = Advice(service, plan, forecast, whole, cause, cancellationToken),
        };
        return explanation with { Findings = ServiceFindings.Of(explanation) };
    }

    private ServiceForecast Simulate(
        ExplainedService service, ICostPlan stated, ServiceChange change, bool apart, CancellationToken cancellationToken)
    {
        ICostPlan plan = change.Config is { } config ? engine.Prepare(config) : stated;
        ServingSimulationOptions options = change.Options(service.Options(plan));
        ServiceTraffic traffic = change.Traffic(service.Traffic(plan));
        return ServiceForecast.Of(plan, traffic, options, apart, cancellationToken, change.Slowness);
    }

    private ServiceCause[] Causes(
        ExplainedService service, ICostPlan plan, ServiceForecast forecast, ObservedService observed, double distance,
        CancellationToken cancellationToken)
    {
        ServiceCauses causes = new(service, plan, forecast, observed);
        List<(ServiceChange Change, ServiceCause Cause)> all = [];
        Try(causes.OfService());
        Try(causes.OfSteps(null, forecast));
        double waited = WaitOf(observed.TtftMs, observed.TpotMs);
        if (all.All(c => c.Cause.Distance > Near) && double.IsFinite(waited))
        {
            // Two things at once: what makes requests wait for as many tokens as they did, and what makes tokens take as long.
            foreach ((ServiceChange change, ServiceCause cause) in all.Where(c => c.Change.Slowness == 1)
                .OrderBy(c => Math.Abs(Math.Log(WaitOf(c.Cause.Forecast.TtftMs, c.Cause.Forecast.TpotMs) / waited)))
                .DistinctBy(c => c.Change.Key, StringComparer.Ordinal).Take(MostPaired).ToArray())
            {
                Try(causes.OfSteps(change, cause.Forecast));
            }
        }

        // Of causes of one kind the nearest.
        (ServiceChange Change, ServiceCause Cause)[] nearest =
        [
            .. all.Where(c => c.Cause.Distance <= Nearer * distance).OrderBy(c => c.Cause.Distance)
                .DistinctBy(c => c.Change.Key, StringComparer.Ordinal).Take(MostCauses),
        ];
        return
        [
            .. nearest.Select((c, i) => i > 0 || c.Cause.Distance > Near ? c.Cause : c.Cause with
            {
                Forecast = Simulate(service, plan, c.Change, apart: true, cancellationToken),
            }),
        ];

        static double WaitOf(double? ttft, double? tpot) => ttft / tpot ?? double.NaN;

        void Try(IEnumerable<ServiceChange> changes)
        {
            foreach (ServiceChange change in changes)
            {
                try
                {
                    ServiceForecast with = Simulate(service, plan, change, apart: false, cancellationToken);
                    all.Add((change, new ServiceCause
                    {
                        Key = change.Key,
                        Text = change.Text,
                        Remedy = change.Remedy,
                        Forecast = with,
                        Distance = observed.DistanceOf(with),
                    }));
                }
                catch (InferometerException)
                {
                    // Requests that such a cache has no room for: it does not run so.
                }
            }
        }
    }

    private ServiceAdvice[] Advice(
        ExplainedService service, ICostPlan plan, ServiceForecast now, ObservedService observed, ServiceCause? cause,
        CancellationToken cancellationToken)
    {
        List<ServiceAdvice> all = [];
        if (cause is { Remedy.Length: > 0 } && observed.EndToEndMs is { } measured)
        {
            all.Add(new ServiceAdvice { Change = cause.Remedy, Forecast = now, Gain = 1 - (now.EndToEndMs / measured) });
        }

        foreach (ServiceChange change in new ServiceImprovements(service, plan, now).All())
        {
            try
            {
                ServiceForecast then = Simulate(service, plan, change, apart: false, cancellationToken);
                all.Add(new ServiceAdvice
                {
                    Change = change.Text,
                    Condition = change.Condition,
                    Forecast = then,
                    Gain = 1 - (then.EndToEndMs / now.EndToEndMs),
                });
            }
            catch (InferometerException)
            {
                // A degree that does not divide the heads, a model that does not fit: no advice.
            }
        }

        return [.. all.Where(a => a.Gain >= LeastGain).OrderByDescending(a => a.Gain).ThenBy(a => a.Change, StringComparer.Ordinal)];
    }
}
