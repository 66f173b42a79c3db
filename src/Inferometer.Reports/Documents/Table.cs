namespace Inferometer.Reports.Documents;

/// <summary>Rows and columns.</summary>
/// <param name="Key">Name in JSON.</param>
/// <param name="Title">Heading, for people.</param>
/// <param name="Columns">The columns, in order.</param>
public sealed record Table(string Key, string? Title, params Column[] Columns) : Block(Key, Title)
{
    private readonly List<Cell[]> _rows = [];

    /// <summary>The rows, each with a cell per column.</summary>
    public IReadOnlyList<Cell[]> Rows => _rows;

    /// <summary>Index of the row that is best, or -1.</summary>
    public int BestRow { get; set; } = -1;

    /// <summary>Adds a row.</summary>
    /// <exception cref="ArgumentException">Not as many cells as there are columns.</exception>
    public void Add(params Cell[] cells)
    {
        ArgumentNullException.ThrowIfNull(cells);
        if (cells.Length != Columns.Length)
        {
            throw new ArgumentException($"A row of {cells.Length} cells does not fit {Columns.Length} columns.", nameof(cells));
        }

        _rows.Add(cells);
    }

    /// <summary>The same table with some columns left to machines.</summary>
    /// <param name="keys">Keys of these columns.</param>
    public Table WithoutForPeople(params IReadOnlyList<string> keys) => this with
    {
        Columns = [.. Columns.Select(c => keys.Contains(c.Key, StringComparer.Ordinal) ? c with { Audience = Audience.Machines } : c)],
    };

    /// <summary>Indexes of the columns shown to people, or to machines.</summary>
    public int[] ColumnsFor(Audience audience) =>
        [.. Enumerable.Range(0, Columns.Length).Where(i => Columns[i].Audience is Audience.Everyone || Columns[i].Audience == audience)];
}
