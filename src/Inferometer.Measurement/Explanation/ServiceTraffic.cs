using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Explanation;

/// <summary>What a service is asked, as often as a simulation wants it anew.</summary>
public sealed class ServiceTraffic
{
    private readonly ArrivalTrace? _trace;

    /// <summary>Requests that are made up.</summary>
    /// <param name="made">How.</param>
    /// <param name="warmUp">What is not measured; null = by the rule for such requests.</param>
    public ServiceTraffic(TrafficOptions made, WarmUp? warmUp = null)
    {
        ArgumentNullException.ThrowIfNull(made);
        (Made, WarmUp) = (made, warmUp ?? WarmUp.Of(made));
    }

    /// <summary>Requests that came so.</summary>
    /// <param name="trace">The requests.</param>
    /// <param name="warmUp">What is not measured; null = nothing.</param>
    public ServiceTraffic(ArrivalTrace trace, WarmUp? warmUp = null)
    {
        ArgumentNullException.ThrowIfNull(trace);
        (_trace, WarmUp) = (trace, warmUp ?? WarmUp.None);
    }

    /// <summary>How requests are made up; null where they came as they came.</summary>
    public TrafficOptions? Made { get; }

    /// <summary>What is not measured.</summary>
    public WarmUp WarmUp { get; }

    /// <summary>The requests.</summary>
    public IArrivalSource Source() => Made is { } made ? new GeneratedArrivals(made) : _trace!.ToSource();
}
