using System.Globalization;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// The first requests of a simulation find an empty service; they are served, but what they saw is not counted. A request is measured when
/// its number is above <see cref="Requests"/> and it arrives at <see cref="Seconds"/> or later.
/// </summary>
/// <param name="Requests">Requests that are not measured, the first to arrive.</param>
/// <param name="Seconds">Time before which arrivals are not measured.</param>
public sealed record WarmUp(int Requests, double Seconds)
{
    /// <summary>Every request is measured.</summary>
    public static WarmUp None { get; } = new(0, 0);

    /// <summary>
    /// The rule for requests that are made up: of a number of them the first tenth, and in a closed loop at least twice as many as there
    /// are users, as all of these ask at the beginning, but never more than half; of a duration, or where it ends before so many came at
    /// their rate, its first tenth.
    /// </summary>
    public static WarmUp Of(TrafficOptions traffic)
    {
        ArgumentNullException.ThrowIfNull(traffic);
        double came = traffic.Process is { RequestsPerSecond: var rate } && traffic.DurationSeconds is { } seconds
            ? rate * seconds
            : double.PositiveInfinity;
        if (traffic.Requests is not { } requests || came < requests)
        {
            return new WarmUp(0, traffic.DurationSeconds!.Value / 10);
        }

        return new WarmUp(Math.Min(Math.Max(requests / 10, 2 * traffic.Users), requests / 2), 0);
    }

    /// <summary>As a sentence says it.</summary>
    public override string ToString() => (Requests, Seconds) switch
    {
        (0, 0) => "none",
        (1, 0) => "the first request",
        ( > 0, 0) => string.Create(CultureInfo.InvariantCulture, $"the first {Requests} requests"),
        (0, _) => string.Create(CultureInfo.InvariantCulture, $"arrivals in the first {Seconds:0.###} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"the first {Requests} requests and arrivals in the first {Seconds:0.###} s"),
    };
}
