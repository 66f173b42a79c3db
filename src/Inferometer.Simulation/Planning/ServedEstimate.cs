using Inferometer.Core;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Simulation.Planning;

/// <summary>One simulated service of several: what was asked, and what came of it or why nothing did.</summary>
/// <param name="Asked">Who asks it.</param>
/// <param name="Deployment">The deployment, and what one request alone takes on it; without a result where that does not fit.</param>
/// <param name="Result">What the service did; null where it is impossible or does not fit.</param>
public sealed record ServedEstimate(UsersAsked Asked, Estimate Deployment, ServiceResult? Result)
{
    /// <summary>Simulates; what is impossible or does not fit becomes an estimate without a result.</summary>
    /// <param name="config">The deployment.</param>
    /// <param name="asked">Who asks it.</param>
    /// <param name="engine">The simulator.</param>
    /// <param name="cancellationToken">Ends it between steps.</param>
    public static ServedEstimate Of(
        SimulationConfig config, UsersAsked asked, SimulationEngine engine, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(engine);
        var deployment = Estimate.Of(config, engine);
        if (deployment.Result is null)
        {
            return new ServedEstimate(asked, deployment, null);
        }

        try
        {
            ICostPlan plan = engine.Prepare(config);
            TrafficOptions traffic = asked.Traffic(plan);
            ServiceResult result = ServingSimulation.Serve(
                () => new GeneratedArrivals(traffic), traffic.PromptsMayBeginAlike, plan, asked.Options(plan, traffic), cancellationToken);
            return new ServedEstimate(asked, deployment, result.RequireMeasured());
        }
        catch (InferometerException error)
        {
            return new ServedEstimate(asked, deployment with { Result = null, Error = error.Message }, null);
        }
    }
}
