namespace Inferometer.Sweeps.Tables;

/// <summary>What is to be shown of results. Columns are named as <see cref="Tables.ColumnNames"/> finds them.</summary>
public sealed record ShowRequest
{
    /// <summary>File of the results.</summary>
    public required string File { get; init; }

    /// <summary>How columns are named.</summary>
    public required ColumnNames Names { get; init; }

    /// <summary>Column whose values are the rows of a pivot table; null = none.</summary>
    public string? Rows { get; init; }

    /// <summary>Column whose values are its columns; null = none.</summary>
    public string? Columns { get; init; }

    /// <summary>Values: of a pivot table one, of a list any number.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>Conditions that rows must meet, all of them.</summary>
    public IReadOnlyList<RowFilter> Where { get; init; } = [];

    /// <summary>Column that rows of a list are ordered by; null = their own order.</summary>
    public string? Sort { get; init; }

    /// <summary>Largest first.</summary>
    public bool Descending { get; init; }

    /// <summary>Rows of a list to show.</summary>
    public int Top { get; init; } = 20;

    /// <summary>What stands in a cell of several rows; null = the best, as the metric has it.</summary>
    public CellChoice? Choice { get; init; }
}
