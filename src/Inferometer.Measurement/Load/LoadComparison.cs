using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Load;

/// <summary>One workload down two arms: what a service did under a load, and what was predicted for the same requests.</summary>
/// <param name="Measured">What it did.</param>
/// <param name="Predicted">What was predicted; null = nothing is known of what it runs on.</param>
public sealed record LoadComparison(LoadResult Measured, ServiceResult? Predicted)
{
    /// <summary>
    /// Predicts what was measured. Requests that came at times of their own are predicted as they came, with the lengths that the service
    /// counted; users who wait for answers ask in the prediction when they are answered there.
    /// </summary>
    /// <param name="measured">What was measured.</param>
    /// <param name="plan">The deployment that answered.</param>
    /// <param name="options">How it is run; its warm-up and service level are those of the measurement.</param>
    /// <param name="users">The same requests anew where their times follow from answers; null = they have times of their own.</param>
    /// <param name="cancellationToken">Ends the simulation.</param>
    public static LoadComparison Of(
        LoadResult measured, ICostPlan plan, ServingSimulationOptions options, IArrivalSource? users, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(measured);
        ArgumentNullException.ThrowIfNull(options);
        return new LoadComparison(
            measured,
            ServingSimulation.Serve(
                users ?? measured.Asked.ToSource(), plan, options with { WarmUp = measured.WarmUp }, cancellationToken));
    }
}
