using Inferometer.Core;
using Inferometer.Core.Frameworks;
using Inferometer.Reports.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Server.Simulator;

/// <summary>A service ready to be simulated once.</summary>
/// <param name="traffic">What it is asked.</param>
/// <param name="plan">The deployment of a replica.</param>
/// <param name="policy">Whose scheduler it has.</param>
/// <param name="options">How it is run.</param>
internal sealed class ServiceRun(
    TrafficOptions traffic, ICostPlan plan, FrameworkProfile policy, ServingSimulationOptions options)
{
    /// <summary>Simulates it.</summary>
    /// <param name="progress">Told the share of the requests that have come, 0 to 1.</param>
    /// <param name="cancellationToken">Ends it between steps.</param>
    /// <returns>What <c>simulate --format json</c> prints.</returns>
    /// <exception cref="InferometerException">It does not fit, or nothing was served.</exception>
    public string Run(Action<double> progress, CancellationToken cancellationToken)
    {
        int taken = 0;
        CountedArrivals source = new(new GeneratedArrivals(traffic), arrival =>
        {
            taken++;
            double ofRequests = traffic.Requests is { } requests ? (double)taken / requests : 0;
            double ofTime = traffic.DurationSeconds is { } seconds ? arrival.Seconds / seconds : 0;
            progress(Math.Min(1, Math.Max(ofRequests, ofTime)));
        });
        ServiceResult result = ServingSimulation.Serve(source, plan, options, cancellationToken).RequireMeasured();
        return SimulatorService.Print(ServicePage.Full(result, [.. ServiceAssumptions.Of(policy, options, plan, traffic)], plan.Basis));
    }
}
