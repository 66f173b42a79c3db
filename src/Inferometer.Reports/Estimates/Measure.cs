using Inferometer.Reports.Documents;
using Inferometer.Simulation.Planning;

namespace Inferometer.Reports.Estimates;

/// <summary>One column of a table of estimates.</summary>
/// <param name="Column">Heading and key.</param>
/// <param name="Of">Its value for an estimate.</param>
public sealed record Measure(Column Column, Func<Estimate, Cell> Of);
