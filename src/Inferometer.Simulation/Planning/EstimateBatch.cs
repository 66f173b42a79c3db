using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Results;

namespace Inferometer.Simulation.Planning;

/// <summary>Makes many estimates, on all cores.</summary>
/// <param name="engine">The simulator.</param>
public sealed class EstimateBatch(SimulationEngine engine)
{
    private static readonly Dictionary<string, IReadOnlyList<OperatorResult>> NoOperators = [];

    /// <summary>
    /// The estimates in the order of their configurations, without their operators: thousands of lists of them would only fill memory.
    /// </summary>
    /// <param name="configs">What is asked.</param>
    /// <param name="done">Called after every estimate, on the thread that made it; null = nobody is told.</param>
    /// <param name="cancellationToken">Stops between estimates.</param>
    public IReadOnlyList<Estimate> Run(
        IReadOnlyList<SimulationConfig> configs, Action? done = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(configs);
        Estimate[] estimates = new Estimate[configs.Count];
        Parallel.For(0, configs.Count, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            Estimate estimate = Estimate.Of(configs[i], engine);
            estimates[i] = estimate with { Result = estimate.Result is { } result ? result with { Operators = NoOperators } : null };
            done?.Invoke();
        });
        return estimates;
    }
}
