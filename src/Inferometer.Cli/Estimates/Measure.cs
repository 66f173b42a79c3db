using Inferometer.Cli.Output;

namespace Inferometer.Cli.Estimates;

/// <summary>One column of a table of estimates.</summary>
/// <param name="Column">Heading and key.</param>
/// <param name="Of">Its value for an estimate.</param>
internal sealed record Measure(Column Column, Func<Estimate, Cell> Of);
