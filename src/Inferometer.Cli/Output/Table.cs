namespace Inferometer.Cli.Output;

/// <summary>Rows and columns.</summary>
internal sealed record Table(string Key, string? Title, params Column[] Columns) : Block(Key, Title)
{
    private readonly List<Cell[]> _rows = [];

    public IReadOnlyList<Cell[]> Rows => _rows;

    /// <summary>Index of the row that is best, or -1.</summary>
    public int BestRow { get; set; } = -1;

    public void Add(params Cell[] cells)
    {
        if (cells.Length != Columns.Length)
        {
            throw new ArgumentException($"A row of {cells.Length} cells does not fit {Columns.Length} columns.", nameof(cells));
        }

        _rows.Add(cells);
    }

    /// <summary>The same table with some columns left to machines.</summary>
    public Table WithoutForPeople(params IReadOnlyList<string> keys) =>
        this with { Columns = [.. Columns.Select(c => keys.Contains(c.Key, StringComparer.Ordinal) ? c with { Audience = Audience.Machines } : c)] };

    /// <summary>Indexes of the columns shown to people, or to machines.</summary>
    public int[] ColumnsFor(Audience audience) =>
        [.. Enumerable.Range(0, Columns.Length).Where(i => Columns[i].Audience is Audience.Everyone || Columns[i].Audience == audience)];
}

/// <summary>One column: the heading people read and the key machines read, each with its unit.</summary>
/// <param name="Heading">Heading in tables.</param>
/// <param name="Key">Name in CSV and JSON, snake case.</param>
internal sealed record Column(string Heading, string Key)
{
    /// <summary>Numbers stand on the right, texts on the left.</summary>
    public bool IsText { get; init; }

    /// <summary>Who gets to see it.</summary>
    public Audience Audience { get; init; }

    /// <summary>Most characters a bar in this column takes.</summary>
    public int BarWidth { get; init; } = 24;

    public static Column Number(string heading, string key) => new(heading, key);

    public static Column Text(string heading, string key) => new(heading, key) { IsText = true };

    /// <summary>A column of bars.</summary>
    public static Column Bars(string heading = "") => new(heading, "") { IsText = true, Audience = Audience.People };
}

/// <summary>Who reads a column.</summary>
internal enum Audience
{
    /// <summary>People and machines.</summary>
    Everyone,

    /// <summary>Tables and Markdown only.</summary>
    People,

    /// <summary>CSV and JSON only.</summary>
    Machines,
}
