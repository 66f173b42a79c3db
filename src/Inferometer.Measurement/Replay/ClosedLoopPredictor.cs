using Inferometer.Measurement.Published;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Replay;

/// <summary>
/// Predicts a row as the closed loop that it is: as many users as the row says, each with one request in flight, whose prompts stall one
/// another and queue. With separate workers each phase is a loop of its own, so that prompts stall nobody. Not thread-safe.
/// </summary>
/// <param name="setup">What rows are replayed in.</param>
public sealed class ClosedLoopPredictor(ReplaySetup setup) : IServingPredictor
{
    private const double Milliseconds = 1000;

    private readonly RowPlans _plans = new(setup);

    /// <inheritdoc/>
    public string Name => setup.CostModel.Name;

    /// <inheritdoc/>
    public ServingPrediction Predict(ServingMeasurement row)
    {
        ArgumentNullException.ThrowIfNull(row);
        ICostPlan plan = _plans.Of(row, row.Engine);
        ClosedLoopLoad load = LoadOf(row, row.Engine.Workers);
        return Prediction(row.PrefillEngine is { } pool
            ? ClosedLoopModel.EstimateSeparate(_plans.Of(row, pool), (double)row.Concurrency / pool.Workers, plan, load)
            : ClosedLoopModel.Estimate(plan, load));
    }

    /// <summary>The load of one worker of a row.</summary>
    internal static ClosedLoopLoad LoadOf(ServingMeasurement row, int workers) => new(
        Math.Max(1, (int)Math.Ceiling((double)row.Concurrency / workers)), row.NominalInputTokens, row.NominalOutputTokens,
        row.LengthSpread);

    private static ServingPrediction Prediction(ClosedLoopEstimate estimate) => new()
    {
        TtftMs = Milliseconds * estimate.TimeToFirstTokenSeconds,
        TpotMs = Milliseconds * estimate.TimePerOutputTokenSeconds,
        TtftIntervalMs = estimate.TimeToFirstTokenInterval * Milliseconds,
        TpotIntervalMs = estimate.TimePerOutputTokenInterval * Milliseconds,
        RestsOn = estimate.Basis?.RestsOn ?? "",
    };
}
