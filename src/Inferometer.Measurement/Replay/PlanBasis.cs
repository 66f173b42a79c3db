using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Replay;

/// <summary>What the figures of a plan rest on.</summary>
internal static class PlanBasis
{
    /// <summary>In words: what the plan says of itself, or where the device's fractions of peak come from.</summary>
    public static string Of(ICostPlan plan) => plan.Basis?.RestsOn ?? plan.Request.System.Device.Efficiency.Source;
}
