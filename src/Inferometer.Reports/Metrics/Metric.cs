using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Metrics;

/// <summary>One metric, declared once: tables, pages, CSV, JSON, objectives and the documentation take it from here.</summary>
/// <typeparam name="T">The result that it is read from.</typeparam>
public sealed record Metric<T>
{
    /// <summary>Name in CSV and JSON, snake case, with the unit where there is one.</summary>
    public required string Key { get; init; }

    /// <summary>Name in full, as pages and documentation write it.</summary>
    public required string Name { get; init; }

    /// <summary>Unit of the value; empty for a plain ratio or a name.</summary>
    public required string Unit { get; init; }

    /// <summary>The formula, or what is counted, in one line.</summary>
    public required string Definition { get; init; }

    /// <summary>Which way it is better.</summary>
    public Direction Better { get; init; }

    /// <summary>The value; null where the result does not give it.</summary>
    public required Func<T, double?> Of { get; init; }

    /// <summary>Heading in tables for people, with the unit; null = for machines alone.</summary>
    public string? Heading { get; init; }

    /// <summary>How a table writes the value; null = about three significant digits.</summary>
    public Func<T, double, string>? Format { get; init; }

    /// <summary>Stands in tables of several results; false where pages of one result alone show it.</summary>
    public bool IsColumn { get; init; } = true;

    /// <summary>
    /// Found by search, which takes some forty times as long as the other figures of an estimate: sweeps leave it out unless asked for it.
    /// </summary>
    public bool IsSearched { get; init; }

    /// <summary>Its column.</summary>
    public Column Column => Heading is null
        ? Column.Number(Key, Key) with { Audience = Audience.Machines }
        : Column.Number(Heading, Key);

    /// <summary>Its cell for a result; empty where there is none, or no value.</summary>
    public Cell CellOf(T? result) => result is not null && Of(result) is { } value
        ? Format is null ? Cell.Number(value) : Cell.Number(value, Format(result, value))
        : Cell.None;
}
