namespace Inferometer.Sweeps.Rows;

/// <summary>Rows of results by column, filled again and again. A cell without a value is null.</summary>
internal sealed class RowBlock
{
    private readonly Array[] _cells;
    private readonly bool[] _dropped;

    /// <summary>Makes room for rows.</summary>
    public RowBlock(IReadOnlyList<ResultColumn> columns, int capacity)
    {
        Columns = columns;
        Capacity = capacity;
        _dropped = new bool[capacity];
        _cells = [.. columns.Select(c => c.Kind switch
        {
            ColumnKind.Whole => (Array)new long?[capacity],
            ColumnKind.Number => new double?[capacity],
            _ => new string?[capacity],
        })];
    }

    public IReadOnlyList<ResultColumn> Columns { get; }

    public int Capacity { get; }

    /// <summary>Rows that are filled.</summary>
    public int Count { get; private set; }

    public long?[] Whole(int column) => (long?[])_cells[column];

    public double?[] Numbers(int column) => (double?[])_cells[column];

    public string?[] Texts(int column) => (string?[])_cells[column];

    /// <summary>Empties the block and gives it so many rows without values.</summary>
    public void Begin(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Capacity);
        Count = rows;
        Array.Clear(_dropped);
        foreach (Array cells in _cells)
        {
            Array.Clear(cells, 0, rows);
        }
    }

    /// <summary>Marks a row, so that <see cref="Compact"/> leaves it out.</summary>
    public void Drop(int row) => _dropped[row] = true;

    /// <summary>Leaves out the rows that were dropped.</summary>
    public void Compact()
    {
        int kept = 0;
        for (int row = 0; row < Count; row++)
        {
            if (_dropped[row])
            {
                continue;
            }

            if (kept < row)
            {
                foreach (Array cells in _cells)
                {
                    Array.Copy(cells, row, cells, kept, 1);
                }
            }

            kept++;
        }

        Count = kept;
    }

    /// <summary>Takes rows of another block over, behind those that are here.</summary>
    /// <returns>How many there was room for.</returns>
    public int Append(RowBlock other, int from)
    {
        int rows = Math.Min(other.Count - from, Capacity - Count);
        for (int c = 0; c < _cells.Length; c++)
        {
            Array.Copy(other._cells[c], from, _cells[c], Count, rows);
        }

        Count += rows;
        return rows;
    }
}
