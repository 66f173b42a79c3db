using Inferometer.Measurement.Published;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Replay;

/// <summary>
/// Replays a row in a cost model as a full house of equal requests: TTFT is the prefill of one prompt by an idle engine, TPOT the average
/// decode step with all requests of the row in flight. Nobody waits and nobody's prompt stalls the others, so that whatever the row owes to
/// queueing stays visible as error. With separate workers each phase is priced on its own engine. Not thread-safe.
/// </summary>
/// <param name="setup">What rows are replayed in.</param>
public sealed class CostModelReplay(ReplaySetup setup) : IServingPredictor
{
    private const double Milliseconds = 1000;

    private readonly DeploymentOfRow _deployments = new(setup);

    /// <inheritdoc/>
    public string Name => setup.CostModel.Name;

    /// <inheritdoc/>
    public ServingPrediction Predict(ServingMeasurement row)
    {
        ArgumentNullException.ThrowIfNull(row);
        int requests = Math.Max(1, (int)Math.Ceiling((double)row.Concurrency / row.Engine.Workers));
        ICostPlan plan = setup.Engine.Prepare(_deployments.Of(row, row.Engine, requests));
        ICostPlan prompts = row.PrefillEngine is { } pool ? setup.Engine.Prepare(_deployments.Of(row, pool, 1)) : plan;
        WorkloadPoint point = WorkloadPoint.From(plan.Request.Workload);
        PhaseTotals prefill = prompts.Prefill(point with { BatchSize = 1 });
        PhaseTotals decode = plan.Decode(point);
        double perToken = Milliseconds / decode.TokensPerStep;
        return new ServingPrediction
        {
            TtftMs = Milliseconds * prefill.LatencySeconds,
            TpotMs = perToken * decode.LatencySeconds,
            TtftIntervalMs = prefill.LatencyInterval * Milliseconds,
            TpotIntervalMs = decode.LatencyInterval * perToken,
            RestsOn = PlanBasis.Of(plan),
        };
    }
}
