using System.Buffers;

namespace Inferometer.Sweeps.Rows;

/// <summary>RFC 4180 with line feeds. The header is apart, so that files can be put together.</summary>
internal sealed class CsvRows(Stream stream) : IRowWriter
{
    private static readonly SearchValues<char> s_special = SearchValues.Create(",\"\r\n");
    private readonly TextBuffer _text = new();

    /// <summary>The line of the keys.</summary>
    public static ReadOnlyMemory<byte> Header(IReadOnlyList<ResultColumn> columns)
    {
        TextBuffer text = new();
        for (int c = 0; c < columns.Count; c++)
        {
            if (c > 0)
            {
                text.Add((byte)',');
            }

            Add(text, columns[c].Key);
        }

        text.Add((byte)'\n');
        return text.Written;
    }

    public ValueTask WriteAsync(RowBlock block, CancellationToken cancellationToken)
    {
        _text.Clear();
        for (int row = 0; row < block.Count; row++)
        {
            for (int c = 0; c < block.Columns.Count; c++)
            {
                if (c > 0)
                {
                    _text.Add((byte)',');
                }

                Add(block, c, row);
            }

            _text.Add((byte)'\n');
        }

        return stream.WriteAsync(_text.Written, cancellationToken);
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Add(RowBlock block, int column, int row)
    {
        switch (block.Columns[column].Kind)
        {
            case ColumnKind.Whole when block.Whole(column)[row] is { } whole:
                _text.Add(whole);
                break;
            case ColumnKind.Number when block.Numbers(column)[row] is { } number:
                _text.Add(number);
                break;
            case ColumnKind.Text when block.Texts(column)[row] is { } words:
                Add(_text, words);
                break;
        }
    }

    private static void Add(TextBuffer text, string value)
    {
        if (!value.AsSpan().ContainsAny(s_special))
        {
            text.Add(value);
            return;
        }

        text.Add((byte)'"');
        text.Add(value.Replace("\"", "\"\"", StringComparison.Ordinal));
        text.Add((byte)'"');
    }
}
