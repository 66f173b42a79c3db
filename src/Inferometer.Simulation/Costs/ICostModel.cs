using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>Turns requests into plans that price them. Implementations are stateless and safe to share between threads.</summary>
public interface ICostModel
{
    /// <summary>Name users choose it by, such as <c>roofline</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Prepares a deployment of a network once, so that any workload and any step on it is priced quickly. The workload of
    /// the request is only the point that is taken where none is given.
    /// </summary>
    /// <param name="request">What runs where.</param>
    /// <exception cref="Core.InferometerException">The request is impossible, or asks for what the cost model does not know.</exception>
    ICostPlan Prepare(EstimateRequest request);
}
