using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Simulation;
using Inferometer.Simulation.Results;

namespace Inferometer.Cli.Estimates;

/// <summary>Makes many estimates, on all cores, with progress.</summary>
internal sealed class EstimateBatch(SimulationEngine engine, Printer printer)
{
    private static readonly Dictionary<string, IReadOnlyList<OperatorResult>> NoOperators = [];

    /// <summary>The estimates in the order of their settings.</summary>
    public IReadOnlyList<Estimate> Run(IReadOnlyList<EstimateSettings> settings, CancellationToken cancellationToken)
    {
        Estimate[] estimates = new Estimate[settings.Count];
        using Progress progress = new(printer, "estimates", settings.Count);
        Parallel.For(0, settings.Count, new ParallelOptions { CancellationToken = cancellationToken }, i =>
        {
            Estimate estimate = Estimate.Of(settings[i], engine);

            // Comparisons show no operators; thousands of lists of them would only fill memory.
            estimates[i] = estimate with { Result = estimate.Result is { } result ? result with { Operators = NoOperators } : null };
            progress.Advance();
        });
        return estimates;
    }
}
