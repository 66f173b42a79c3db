using Inferometer.Core;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Validation;

/// <summary>Sets a table of any layout beside what a cost model says of it.</summary>
public static class TableValidation
{
    /// <summary>Compares.</summary>
    /// <param name="table">The table.</param>
    /// <param name="setup">What predicts.</param>
    /// <param name="baseline">Predictions of another tool, for serving rows; null = none.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <param name="simulateEvery">
    /// Of serving rows play every so-manieth through the serving simulation, 1 = all; 0 = the formulas of a closed loop, for all.
    /// </param>
    /// <exception cref="InferometerException">
    /// No row of the table can be predicted, or a baseline was given that does not belong to it.
    /// </exception>
    public static ValidationResult Run(
        PublishedTable table, ReplaySetup setup, PublishedTable? baseline = null, CancellationToken cancellationToken = default,
        int simulateEvery = 0)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(setup);
        if (simulateEvery > 0)
        {
            table = SimulatedRows.Of(table, simulateEvery);
        }

        if (baseline is { Baseline.Count: 0 })
        {
            throw new InferometerException($"{baseline.Path}: holds no predictions of another tool; it is a table of {baseline.Layout}.");
        }

        if (baseline is not null && table.Serving.Count == 0)
        {
            throw new InferometerException(
                $"{baseline.Path}: predictions of another tool are set beside serving rows; {table.Path} is a table of {table.Layout}.");
        }

        ValidationResult result = table switch
        {
            { Serving.Count: > 0 } => ServingValidation.Run(
                table,
                simulateEvery > 0 ? new SimulatedLoopPredictor(setup)
                    : setup.CostModel is CalibratedCostModel ? new ClosedLoopPredictor(setup) : new CostModelReplay(setup),
                baseline?.Baseline, Path.GetFileNameWithoutExtension(baseline?.Path) ?? "", cancellationToken),
            { Throughput.Count: > 0 } => ThroughputValidation.Run(table, new ThroughputReplay(setup), cancellationToken),
            { Operators.Count: > 0 } => OperatorValidation.Run(table, new OperatorReplay(setup), cancellationToken),
            { Traces.Count: > 0 } => TraceValidation.Run(table, new TraceReplay(setup), cancellationToken),
            { Baseline.Count: > 0 } => throw new InferometerException(
                $"{table.Path}: holds predictions of another tool, not measurements; it goes with --against."),
            _ => throw new InferometerException($"{table.Path}: holds no measurement."),
        };
        if (result is { Predicted: 0, LeftOut: [var first, ..] })
        {
            throw new InferometerException($"{table.Path}: none of its rows can be predicted; {first.First}: {first.Reason}.");
        }

        return baseline is not null && result.Comparisons.All(c => c.Baseline is null)
            ? throw new InferometerException($"{baseline.Path}: predicts none of the rows of {table.Path}; the ids differ.")
            : result;
    }
}
