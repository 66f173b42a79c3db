using Inferometer.Core;
using Inferometer.Measurement.Replay;
using Inferometer.Measurement.Validation;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Explanation;

/// <summary>Explains what was measured of a service by what a cost model says of it, and forecasts changes.</summary>
/// <param name="engine">The simulator.</param>
public sealed class ServiceExplainer(SimulationEngine engine)
{
    // A change that brings less is lost in what the forecast does not know.
    private const double LeastGain = 0.01;

    /// <summary>Explains.</summary>
    /// <param name="config">What runs: its batch is the number of users.</param>
    /// <param name="observed">What was measured.</param>
    /// <exception cref="InferometerException">Nothing was measured, a value cannot be, or the deployment is impossible.</exception>
    public ServiceExplanation Explain(SimulationConfig config, ObservedService observed)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(observed);
        ICostPlan plan = engine.Prepare(config);
        WorkloadPoint point = WorkloadPoint.From(plan.Request.Workload);
        LoadForecast forecast = LoadForecast.Of(plan, point);
        ObservedService whole = Complete(observed, point.OutputTokens);
        MeasurementCheck.Require(
            "what was measured", observed.TtftMs, observed.TpotMs, observed.EndToEndMs, forecast.FirstToken[0].Milliseconds,
            point.OutputTokens > 1 ? forecast.TpotMs : null);
        return new ServiceExplanation
        {
            CostModel = plan.CostModel,
            RestsOn = PlanBasis.Of(plan),
            SystemName = plan.Request.System.Name,
            Workload = point,
            Observed = whole,
            Forecast = forecast,
            Findings = ServiceFindings.Of(plan, point, whole, forecast),
            Advice = Advice(config, point, whole, forecast),
        };
    }

    // One of the three follows from the other two.
    private static ObservedService Complete(ObservedService o, int outputTokens)
    {
        double later = outputTokens - 1;
        return o switch
        {
            { TtftMs: null, TpotMs: null, EndToEndMs: null } =>
                throw new InferometerException("nothing was measured: give a time to first token, per output token or of a whole request."),
            { TtftMs: { } ttft, TpotMs: { } tpot, EndToEndMs: null } => o with { EndToEndMs = ttft + (later * tpot) },
            { TtftMs: { } ttft, TpotMs: null, EndToEndMs: { } all } when later > 0 && all > ttft =>
                o with { TpotMs = (all - ttft) / later },
            { TtftMs: null, TpotMs: { } tpot, EndToEndMs: { } all } when all > later * tpot => o with { TtftMs = all - (later * tpot) },
            _ => o,
        };
    }

    private ServiceAdvice[] Advice(SimulationConfig config, WorkloadPoint point, ObservedService observed, LoadForecast now)
    {
        List<ServiceAdvice> all = [];
        foreach (DeploymentChange change in DeploymentChange.For(config, point))
        {
            try
            {
                ICostPlan plan = engine.Prepare(change.Config);
                WorkloadPoint changed = WorkloadPoint.From(plan.Request.Workload);
                all.Add(Scale(change, observed, now, LoadForecast.Of(plan, changed, change.SeparatePrompts)));
            }
            catch (InferometerException)
            {
                // A degree that does not divide the heads, a model that does not fit: no advice.
            }
        }

        return [.. all.Where(a => a.Gain >= LeastGain).OrderByDescending(a => a.Gain).ThenBy(a => a.Change, StringComparer.Ordinal)];
    }

    // What the forecast does not explain: of a token it is the framework's own time, which stays; of the first token it is queueing, which
    // goes with the time of a prompt and the number of users who send them. What is faster than forecast is scaled as a whole.
    private static ServiceAdvice Scale(DeploymentChange change, ObservedService observed, LoadForecast now, LoadForecast then)
    {
        double ttftNow = observed.TtftMs ?? now.TtftMs, tpotNow = observed.TpotMs ?? now.TpotMs;
        double queue = then.FirstToken[0].Milliseconds * then.UsersPerEngine / (now.FirstToken[0].Milliseconds * now.UsersPerEngine);
        double ttft = ttftNow >= now.TtftMs
            ? then.TtftMs + ((ttftNow - now.TtftMs) * queue)
            : ttftNow * then.TtftMs / now.TtftMs;
        double tpot = tpotNow >= now.TpotMs ? then.TpotMs + tpotNow - now.TpotMs : tpotNow * then.TpotMs / now.TpotMs;
        double before = ttftNow + ((now.OutputTokens - 1) * tpotNow);
        double after = ttft + ((now.OutputTokens - 1) * tpot);
        return new ServiceAdvice
        {
            Change = change.Text,
            Condition = change.Condition,
            Forecast = then,
            TtftMs = ttft,
            TpotMs = tpot,
            EndToEndMs = after,
            Gain = 1 - (after / before),
        };
    }
}
