using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Tests;

/// <summary>Picks rows and sums out of an estimate.</summary>
internal static class PhaseReading
{
    public static IEnumerable<OperatorRow> Named(this PhaseEstimate phase, string name) =>
        phase.Operators.Where(row => string.Equals(row.Name, name, StringComparison.Ordinal));

    public static OperatorRow One(this PhaseEstimate phase, string name) => phase.Named(name).Single();

    public static double Total(this PhaseEstimate phase, Func<OperatorRow, double> amount) =>
        phase.Operators.Sum(row => row.Count * amount(row));

    public static double Total(this IEnumerable<OperatorRow> rows, Func<OperatorRow, double> amount) =>
        rows.Sum(row => row.Count * amount(row));
}
