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
        CountedArrivals source = new(new GeneratedArrivals(traffic), traffic, progress);
        ServiceResult result = ServingSimulation.Serve(source, plan, options, cancellationToken).RequireMeasured();
        return SimulatorService.Print(ServicePage.Full(result, [.. ServiceAssumptions.Of(policy, options, plan)], plan.Basis));
    }

    /// <summary>Arrivals that tell how many of them there were.</summary>
    private sealed class CountedArrivals(GeneratedArrivals arrivals, TrafficOptions traffic, Action<double> progress) : IArrivalSource
    {
        private int _taken;

        public double? NextSeconds => arrivals.NextSeconds;

        public bool Listens => arrivals.Listens;

        public Arrival Take()
        {
            Arrival arrival = arrivals.Take();
            _taken++;
            double ofRequests = traffic.Requests is { } requests ? (double)_taken / requests : 0;
            double ofTime = traffic.DurationSeconds is { } seconds ? arrival.Seconds / seconds : 0;
            progress(Math.Min(1, Math.Max(ofRequests, ofTime)));
            return arrival;
        }

        public void Answered(Arrival arrival, double seconds, bool isRefused) => arrivals.Answered(arrival, seconds, isRefused);
    }
}
