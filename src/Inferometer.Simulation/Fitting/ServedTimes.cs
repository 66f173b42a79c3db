using System.Runtime.InteropServices;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Simulation.Fitting;

/// <summary>What users of a service see on average.</summary>
/// <param name="TimeToFirstTokenSeconds">From sending a request to its first token, seconds.</param>
/// <param name="TimePerOutputTokenSeconds">Mean time per output token after the first, seconds.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ServedTimes(double TimeToFirstTokenSeconds, double TimePerOutputTokenSeconds)
{
    /// <summary>Median time between two tokens of a request, seconds; of formulas, a step without prompts.</summary>
    public double MedianGapSeconds { get; init; }

    private const int LeastRequests = 60;
    private const int MostRequests = 4000;

    /// <summary>
    /// The times of a closed loop in a simulated service, as <c>simulate</c> and <c>load</c> predict them; of separate prompt workers,
    /// which these do not simulate, by <see cref="ClosedLoopModel"/>.
    /// </summary>
    internal static ServedTimes Of(FitCase item, ICostPlan plan, bool ofFormulas, CancellationToken cancellationToken)
    {
        ClosedLoopEstimate formulas = ClosedLoopModel.Estimate(plan, item.Run.Load);
        if (ofFormulas || item.IsSeparate || item.Run.Load.Users > MostRequests / ClosedLoopLoad.RequestsPerUser)
        {
            return Of(formulas);
        }

        ServingSimulationOptions options = plan.Framework().OptionsFor(plan);
        int running = item.Run.MostRunning ?? Math.Max(options.Scheduler.MaxSequences, item.Run.Load.Users);
        TrafficOptions traffic = Traffic(item.Run, formulas.EndToEndSeconds);
        ServingReport report = ServingSimulation.Serve(
            new GeneratedArrivals(traffic), plan, options with
            {
                Scheduler = options.Scheduler with { MaxSequences = running },
                BlockCount = Blocks(plan, options, item.Run.Load),
                WarmUp = item.Run.IsWarm ? new WarmUp(2 * item.Run.Load.Users, 0) : WarmUp.None,
            }, cancellationToken).Report.Value;
        return report is { TimeToFirstToken: { } first }
            ? new ServedTimes(first.Mean, report.TimePerOutputToken?.Mean ?? formulas.TimePerOutputTokenSeconds)
            {
                MedianGapSeconds = report.InterTokenLatency?.P50 ?? formulas.StepSeconds,
            }
            : Of(formulas);
    }

    // What was measured had room for what was asked of it: where memory is thought to be too small for a request, for those of all users.
    private static int Blocks(ICostPlan plan, ServingSimulationOptions options, in ClosedLoopLoad load)
    {
        double longest = (1 + ClosedLoopLoad.LeastSpread) * (load.InputTokens + (double)load.OutputTokens);
        double each = Math.Ceiling(longest / options.BlockSize) + 1;
        int thought = ServingSimulation.BlocksOf(plan, options, out _);
        return thought >= each ? thought : (int)Math.Min(each * load.Users, int.MaxValue / (2 * options.BlockSize));
    }

    internal static ServedTimes Of(ClosedLoopEstimate formulas) =>
        new(formulas.TimeToFirstTokenSeconds, formulas.TimePerOutputTokenSeconds) { MedianGapSeconds = formulas.StepSeconds };

    private static TrafficOptions Traffic(ServingRun run, double rampSeconds)
    {
        ClosedLoopLoad load = run.Load;
        double spread = Math.Max(load.Spread, ClosedLoopLoad.LeastSpread);
        return new TrafficOptions
        {
            Users = load.Users,
            RampSeconds = run.IsWarm ? rampSeconds : 0,
            SharedPrefixTokens = load.CachedTokens,
            Input = LengthDistribution.Around(Math.Max(1, load.MeanInputTokens - load.CachedTokens), spread),
            Output = LengthDistribution.Around(load.MeanOutputTokens, spread),
            Requests = Math.Clamp(ClosedLoopLoad.RequestsPerUser * load.Users, LeastRequests, MostRequests),
        };
    }
}
