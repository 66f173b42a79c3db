using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Replay;

/// <summary>
/// Predicts a row by the serving simulation, with what <c>simulate</c> does by default: the row's users begin all at once, ask ten times
/// each, as public benchmarks have it, and everything counts. Takes a second where <see cref="ClosedLoopPredictor"/> takes a millisecond.
/// Not thread-safe.
/// </summary>
/// <param name="setup">What rows are replayed in.</param>
public sealed class SimulatedLoopPredictor(ReplaySetup setup) : IServingPredictor
{
    private const double Milliseconds = 1000;

    private readonly RowPlans _plans = new(setup);

    /// <inheritdoc/>
    public string Name => $"{setup.CostModel.Name}, simulated";

    /// <inheritdoc/>
    public ServingPrediction Predict(ServingMeasurement row)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (row.PrefillEngine is not null)
        {
            throw new InferometerException("prompt workers other than those that decode are not simulated");
        }

        ICostPlan plan = _plans.Of(row, row.Engine);
        ClosedLoopLoad load = ClosedLoopPredictor.LoadOf(row, row.Engine.Workers);
        double spread = Math.Max(row.LengthSpread, ClosedLoopLoad.LeastSpread);
        TrafficOptions traffic = new()
        {
            Users = load.Users,
            Input = LengthDistribution.Around(row.InputTokens, spread),
            Output = LengthDistribution.Around(row.OutputTokens, spread),
            Requests = ClosedLoopLoad.RequestsPerUser * load.Users,
        };
        ServiceResult result = ServingSimulation.Serve(new GeneratedArrivals(traffic), plan, plan.Framework().OptionsFor(plan));
        ServingReport report = result.Report.Value;
        if (report.TimeToFirstToken is not { } first)
        {
            throw new InferometerException($"the simulation served nothing. {string.Join(' ', result.Warnings)}".TrimEnd());
        }

        double ttft = Milliseconds * first.Mean;
        double? tpot = Milliseconds * report.TimePerOutputToken?.Mean;
        return new ServingPrediction
        {
            TtftMs = ttft,
            TpotMs = tpot,
            TtftIntervalMs = plan.Basis is { } b ? EstimateBasis.NineTenths(b.TimeToFirstToken, ttft) : null,
            TpotIntervalMs = plan.Basis is { } basis && tpot is { } ms ? EstimateBasis.NineTenths(basis.TimePerOutputToken, ms) : null,
            RestsOn = PlanBasis.Of(plan),
        };
    }
}
