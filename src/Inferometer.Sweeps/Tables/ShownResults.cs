using System.Globalization;
using Inferometer.Core;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Metrics;
using Inferometer.Sweeps.Points;
using Inferometer.Sweeps.Rows;

namespace Inferometer.Sweeps.Tables;

/// <summary>Results of a sweep as tables: a pivot table where rows or columns are named, otherwise a list.</summary>
public sealed class ShownResults
{
    private const string StatusKey = "status";
    private readonly ShowRequest _request;
    private readonly ResultTable _table;
    private readonly List<int> _rows;
    private readonly string[] _values;

    private ShownResults(ShowRequest request, ResultTable table, string[] values, List<int> rows) =>
        (_request, _table, _values, _rows) = (request, table, values, rows);

    /// <summary>True for a pivot table.</summary>
    public bool IsPivot => _request.Rows is not null || _request.Columns is not null;

    /// <summary>Reads what is needed of the results.</summary>
    /// <exception cref="InferometerException">The file cannot be read, a column is not there, or no row meets the conditions.</exception>
    public static async Task<ShownResults> LoadAsync(ShowRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        IReadOnlyList<string> keys = await ResultTable.KeysOfAsync(request.File).ConfigureAwait(false);
        string Found(string name, string origin) => request.Names.Find(name, keys, origin);
        request = request with
        {
            Rows = request.Rows is { } rowName ? Found(rowName, "--rows") : null,
            Columns = request.Columns is { } columnName ? Found(columnName, "--columns") : null,
            Sort = request.Sort is { } sortName ? Found(sortName, "--sort") : null,
        };
        string[] values = [.. request.Values.Select(v => Found(v, "--value"))];
        if (request.Rows is not null || request.Columns is not null)
        {
            if (values.Length != 1)
            {
                throw new InferometerException("--value: a pivot table shows one value; say which metric with --value, such as tpot.");
            }
        }
        else if (values.Length == 0)
        {
            values = [.. keys.SkipWhile(k => k is not "reason").Skip(1).Where(IsHeadline)];
        }

        (string Key, RowFilter Filter)[] filters = [.. request.Where.Select(f => (Found(f.Name, "--where"), f))];
        HashSet<string> wanted = new(values.Concat(filters.Select(f => f.Key)), StringComparer.Ordinal);
        wanted.UnionWith(new[] { request.Rows, request.Columns, request.Sort }.OfType<string>());
        if (request.Rows is null && request.Columns is null)
        {
            wanted.UnionWith(keys.TakeWhile(k => k is not "reason"));
        }

        if (keys.Contains(StatusKey, StringComparer.Ordinal))
        {
            wanted.Add(StatusKey);
        }

        ResultTable table = await ResultTable.LoadAsync(request.File, wanted, cancellationToken).ConfigureAwait(false);
        Func<int, bool>[] tests = [.. filters.Select(f => f.Filter.On(table[f.Key]))];
        List<int> rows = [.. Enumerable.Range(0, table.Rows).Where(row => tests.All(test => test(row)))];
        return rows.Count > 0
            ? new ShownResults(request, table, values, rows)
            : throw new InferometerException(
                table.Rows == 0 ? $"{request.File}: there are no rows."
                : $"--where: none of the {Numbers.Whole(table.Rows)} rows meets {string.Join(" and ", request.Where.Select(Text))}.");
    }

    /// <summary>The tables.</summary>
    public Document ToDocument() => IsPivot ? PivotDocument() : ListDocument();

    /// <summary>A plot of the pivot table: a line for each of its columns over its rows.</summary>
    /// <exception cref="InferometerException">It is no pivot table, or holds no value.</exception>
    public LinePlot ToPlot()
    {
        if (!IsPivot)
        {
            throw new InferometerException("--plot: it draws a pivot table; say --rows, what lies along the axis, and --columns, a "
                + "line each.");
        }

        Pivot pivot = MakePivot();
        return LinePlot.Of(pivot, _request.Rows ?? "", _request.Columns ?? "", ValueTitle(pivot));
    }

    // What people look at first; the others can be named.
    private static bool IsHeadline(string key) =>
        EstimateMetrics.All.Any(m => m.Heading is not null && string.Equals(m.Key, key, StringComparison.Ordinal))
        || key is "request_throughput" or "output_throughput" or "median_ttft_ms" or "p99_ttft_ms" or "median_tpot_ms" or "p99_tpot_ms"
            or "request_goodput" or "mean_kv_use";

    private static string Text(RowFilter filter) => $"{filter.Name}{filter.Comparison}{filter.Text}";

    private static Direction DirectionOf(string key) =>
        EstimateMetrics.All.FirstOrDefault(m => string.Equals(m.Key, key, StringComparison.Ordinal))?.Better
        ?? ServiceMetrics.All.FirstOrDefault(m => string.Equals(m.Key, key, StringComparison.Ordinal))?.Better
        ?? Direction.None;

    private CellChoice Choice() => _request.Choice ?? DirectionOf(_values[0]) switch
    {
        Direction.LowerIsBetter => CellChoice.Min,
        Direction.HigherIsBetter => CellChoice.Max,
        _ => CellChoice.Mean,
    };

    private Pivot MakePivot()
    {
        if (!_table[_values[0]].IsNumeric && Choice() != CellChoice.Count)
        {
            throw new InferometerException($"--value: '{_values[0]}' holds texts; --by count counts them.");
        }

        return new Pivot(
            _request.Rows is { } rows ? _table[rows] : null, _request.Columns is { } columns ? _table[columns] : null, _table[_values[0]],
            _rows, Choice());
    }

    private string ValueTitle(Pivot pivot) =>
        pivot.HasSeveral || Choice() == CellChoice.Count ? $"{_values[0]}, {Word(Choice())} of the rows of a cell" : _values[0];

    private static string Word(CellChoice choice) => choice switch
    {
        CellChoice.Min => "least",
        CellChoice.Max => "most",
        CellChoice.Mean => "mean",
        CellChoice.Median => "median",
        _ => "number",
    };

    private Document PivotDocument()
    {
        Pivot pivot = MakePivot();
        List<Column> columns = [];
        if (_request.Rows is { } rows)
        {
            columns.Add((pivot.RowsAreNumbers ? Column.Number(rows, rows) : Column.Text(rows, rows)) with { IsRowName = true });
        }

        columns.AddRange(pivot.ColumnNames.Select(name => _request.Columns is { } of
            ? Column.Number($"{of} {name ?? "-"}", name ?? "none")
            : Column.Number(_values[0], _values[0])));
        Table table = new("pivot", ValueTitle(pivot), [.. columns]);
        foreach (string? row in pivot.RowNames)
        {
            IEnumerable<Cell> cells = pivot.ColumnNames.Select(column => Cell.Number(pivot[row, column]));
            table.Add(_request.Rows is null ? [.. cells] : [RowName(row, pivot.RowsAreNumbers), .. cells]);
        }

        return new Document(table, Counts()) { Title = Title() };
    }

    private static Cell RowName(string? name, bool isNumber) => name is null ? Cell.None
        : isNumber ? new Cell(name, double.Parse(name, CultureInfo.InvariantCulture))
        : name;

    private Document ListDocument()
    {
        IEnumerable<int> rows = _rows;
        if (_request.Sort is { } sort)
        {
            ResultValues by = _table[sort];
            IOrderedEnumerable<int> present = _rows.OrderBy(r => by.Text(r) is null);
            rows = by.IsNumeric
                ? present.ThenBy(r => by.Number(r) is { } number ? _request.Descending ? -number : number : 0)
                : _request.Descending ? present.ThenByDescending(by.Text, StringComparer.Ordinal)
                    : present.ThenBy(by.Text, StringComparer.Ordinal);
        }

        string[] keys = [.. _table.Keys.TakeWhile(k => k is not "reason"), .. _values];
        Table table = new(
            "rows", null,
            [.. keys.Distinct(StringComparer.Ordinal).Select(k => _table[k].IsNumeric ? Column.Number(k, k) : Column.Text(k, k))]);
        foreach (int row in rows.Take(_request.Top))
        {
            table.Add([.. table.Columns.Select(c => CellOf(_table[c.Key], row))]);
        }

        return new Document(table, Counts()) { Title = Title() };
    }

    private static Cell CellOf(ResultValues column, int row) => column switch
    {
        { IsNumeric: false } => column.Text(row) is { } text ? text : Cell.None,
        _ when column.Number(row) is { } number && number == Math.Floor(number)
            && Math.Abs(number) < 1e7 => new Cell(column.Text(row)!, number),
        _ => Cell.Number(column.Number(row)),
    };

    private string Title() =>
        $"{Path.GetFileName(_request.File)}: {Numbers.Whole(_rows.Count)} of {Numbers.Whole(_table.Rows)} rows"
        + (_request.Where.Count > 0 ? $" with {string.Join(" and ", _request.Where.Select(Text))}" : "");

    private Facts Counts()
    {
        if (!_table.Keys.Contains(StatusKey, StringComparer.Ordinal))
        {
            return new Facts(null, [new("Rows", "rows", _rows.Count)]);
        }

        ResultValues status = _table[StatusKey];
        ILookup<string?, int> by = _rows.ToLookup(status.Text, StringComparer.Ordinal);
        return new Facts(null,
        [
            new("Priced", PointStatus.Ok, by[PointStatus.Ok].Count()),
            new("Does not fit", PointStatus.DoesNotFit, by[PointStatus.DoesNotFit].Count()),
            new("Not possible", PointStatus.NotPossible, by[PointStatus.NotPossible].Count()),
        ]);
    }
}
