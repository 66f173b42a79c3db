using System.Globalization;
using Inferometer.Sweeps.Rows;

namespace Inferometer.Sweeps.Tables;

/// <summary>A value over two columns of results: a row for each value of one, a column for each of the other.</summary>
internal sealed class Pivot
{
    private readonly Dictionary<(string? Row, string? Column), List<double>> _cells = [];
    private readonly CellChoice _choice;

    /// <summary>Sorts rows of results into cells.</summary>
    /// <param name="rows">Column whose values are the rows; null = one row.</param>
    /// <param name="columns">Column whose values are the columns; null = one column.</param>
    /// <param name="value">Column of the value.</param>
    /// <param name="among">Rows of the results that count.</param>
    /// <param name="choice">What stands in a cell of several.</param>
    public Pivot(ResultValues? rows, ResultValues? columns, ResultValues value, IEnumerable<int> among, CellChoice choice)
    {
        _choice = choice;
        List<int> counted = [.. among];
        foreach (int row in counted)
        {
            (string?, string?) key = (rows?.Text(row), columns?.Text(row));
            if (!_cells.TryGetValue(key, out List<double>? cell))
            {
                _cells[key] = cell = [];
            }

            if (value.Number(row) is { } number)
            {
                cell.Add(number);
            }
        }

        RowNames = Names(rows, counted);
        ColumnNames = Names(columns, counted);
        RowsAreNumbers = rows is { IsNumeric: true };
        HasSeveral = _cells.Values.Any(c => c.Count > 1);
    }

    public IReadOnlyList<string?> RowNames { get; }

    public IReadOnlyList<string?> ColumnNames { get; }

    public bool RowsAreNumbers { get; }

    /// <summary>Some cell has several rows of results.</summary>
    public bool HasSeveral { get; }

    /// <summary>What stands in a cell; null where there is no value.</summary>
    public double? this[string? row, string? column] => _cells.TryGetValue((row, column), out List<double>? cell) && cell.Count > 0
        ? _choice switch
        {
            CellChoice.Min => cell.Min(),
            CellChoice.Max => cell.Max(),
            CellChoice.Mean => cell.Average(),
            CellChoice.Median => Median(cell),
            _ => cell.Count,
        }
        : _choice == CellChoice.Count ? 0 : null;

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    // Numbers by size, texts as they come.
    private static List<string?> Names(ResultValues? column, List<int> rows) => column is null ? [null]
        : column.IsNumeric
            ? [.. rows.Select(column.Number).Distinct().OrderBy(n => n is null).ThenBy(n => n)
                .Select(n => n?.ToString(CultureInfo.InvariantCulture))]
            : [.. rows.Select(column.Text).Distinct(StringComparer.Ordinal)];
}
