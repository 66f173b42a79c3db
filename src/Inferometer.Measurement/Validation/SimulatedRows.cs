using Inferometer.Core;
using Inferometer.Measurement.Published;

namespace Inferometer.Measurement.Validation;

/// <summary>The rows of a table that are played through the serving simulation: it takes too long for all of a large one.</summary>
internal static class SimulatedRows
{
    /// <summary>A table of every so-manieth good row, in the table's order; prompts of other workers are not simulated.</summary>
    /// <param name="table">The table.</param>
    /// <param name="every">Which share: 1 = all.</param>
    /// <exception cref="InferometerException">There is no such row.</exception>
    public static PublishedTable Of(PublishedTable table, int every)
    {
        ServingMeasurement[] good = [.. table.Serving.Where(r => r.IsGood && r.PrefillEngine is null)];
        return good.Length == 0
            ? throw new InferometerException($"{table.Path}: holds no serving rows of one engine, which alone are simulated.")
            : table with { Serving = [.. good.Where((_, i) => i % every == 0)] };
    }
}
