using Inferometer.Serving;
using Inferometer.Simulation.Costs;

namespace Inferometer.Planning.Trials;

/// <summary>How one limit of a level is kept in a simulation, and where measurements may lie.</summary>
/// <param name="Limit">The limit.</param>
/// <param name="MedianSeconds">Median of the simulated requests.</param>
/// <param name="Seconds">The limit's percentile of the simulated requests.</param>
/// <param name="AllowedSeconds">What was allowed of it: the limit, or less where the plan is to hold though predictions err.</param>
/// <param name="Half">Where half of the measurements of such cases are expected; null = nothing is known of errors.</param>
/// <param name="NineTenths">Where nine tenths are expected; null = nothing is known of errors.</param>
public sealed record LimitOutcome(
    SloLimit Limit, double MedianSeconds, double Seconds, double AllowedSeconds, Interval? Half, Interval? NineTenths)
{
    /// <summary>It is kept.</summary>
    public bool IsKept => Seconds <= AllowedSeconds;

    /// <summary>The limit itself lies within what may be measured: it can be missed though the prediction keeps it.</summary>
    public bool IsAtRisk => NineTenths is { } range && range.High > Limit.Seconds && range.Low <= Limit.Seconds;

    /// <summary>How likely it is missed, by the errors that were seen.</summary>
    public Risk Risk => (Half, NineTenths) switch
    {
        _ when Seconds > Limit.Seconds => Risk.Missed,
        ({ } half, _) when half.High > Limit.Seconds => Risk.MoreThanOneInFour,
        (_, { } nine) when nine.High > Limit.Seconds => Risk.UpToOneInFour,
        (null, null) => Risk.Unknown,
        _ => Risk.LessThanOneInTwenty,
    };
}
