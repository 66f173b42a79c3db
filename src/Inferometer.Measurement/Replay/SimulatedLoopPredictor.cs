using System.Globalization;
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
    private const int RequestsPerUser = 10;

    // Requests of equal length drift apart all the same; without it a whole house of users would ask at once again and again.
    private const double LeastSpread = 0.2;

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
        TrafficOptions traffic = new()
        {
            Users = load.Users,
            Input = Lengths(row.InputTokens, row.LengthSpread),
            Output = Lengths(row.OutputTokens, row.LengthSpread),
            Requests = RequestsPerUser * load.Users,
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

    private static LengthDistribution Lengths(double mean, double spread)
    {
        double half = Math.Max(spread, LeastSpread) / 2;
        double longest = mean / (1 - half);
        return LengthDistribution.Parse(string.Create(
            CultureInfo.InvariantCulture,
            $"uniform:{Math.Max(1, (int)Math.Round(longest * (1 - (2 * half))))},{Math.Max(1, (int)Math.Round(longest))}"));
    }
}
