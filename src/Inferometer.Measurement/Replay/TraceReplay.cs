using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Scheduling;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Replay;

/// <summary>
/// Plays a recorded run through the serving simulation: the same arrivals, lengths and limits, steps priced by a cost model.
/// </summary>
/// <param name="setup">What runs are replayed in.</param>
public sealed class TraceReplay(ReplaySetup setup)
{
    private readonly DeploymentOfRow _deployments = new(setup);

    /// <summary>Name of the cost model.</summary>
    public string Name => setup.CostModel.Name;

    /// <summary>Predicts how the run went.</summary>
    /// <exception cref="InferometerException">The run cannot be predicted.</exception>
    public ReplayedTrace Predict(ServingTrace trace, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(trace);
        if (trace.Engine.AttentionData > 1)
        {
            throw new InferometerException("runs of several ranks with requests of their own are not replayed");
        }

        SimulationConfig config = _deployments.Of(
            new DeploymentText(trace.Model, trace.System, trace.Precision, "", trace.Framework, trace.Version), trace.Engine, 1, 1, 2);
        ICostPlan plan = setup.Engine.Prepare(config);
        ServingSimulationOptions options = new()
        {
            Scheduler = new SchedulerOptions
            {
                MaxSequences = trace.MaxSequences,
                MaxTokensPerStep = trace.MaxStepTokens,
                MaxSequenceTokens = trace.Requests.Max(r => r.InputTokens + r.OutputTokens) + 1,
                MaxQueueLength = Math.Max(1, trace.Requests.Count),
            },
            BlockCount = trace.KvBlocks,
            BlockSize = trace.BlockSize,
            PrefixCaching = trace.PrefixCaching,
            Coefficients = plan.Service.WithinEngine(), // the engine's own times, without the way there
            KeepOutcomes = true,
        };
        TracedRequest[] requests = [.. trace.Requests.OrderBy(r => r.QueuedSeconds)];
        ArrivalTrace arrivals = new(
            requests.Select(r => new Arrival { Seconds = r.QueuedSeconds, InputTokens = r.InputTokens, OutputTokens = r.OutputTokens }),
            trace.Run);
        ServiceResult result = ServingSimulation.Serve(arrivals.ToSource(), plan, options, cancellationToken);
        return new ReplayedTrace
        {
            Requests = [.. requests.Zip(result.Outcomes)],
            RestsOn = PlanBasis.Of(plan),
            Basis = plan.Basis,
        };
    }
}
