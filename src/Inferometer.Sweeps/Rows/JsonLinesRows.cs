using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Inferometer.Sweeps.Rows;

/// <summary>An object a line, with every column; null where there is no value.</summary>
internal sealed class JsonLinesRows : IRowWriter
{
    private readonly Stream _stream;
    private readonly byte[][] _keys;
    private readonly TextBuffer _text = new();

    public JsonLinesRows(Stream stream, IReadOnlyList<ResultColumn> columns)
    {
        _stream = stream;
        _keys = [.. columns.Select((column, i) => Encoding.UTF8.GetBytes($"{(i == 0 ? '{' : ',')}{Quote(column.Key)}:"))];
    }

    public ValueTask WriteAsync(RowBlock block, CancellationToken cancellationToken)
    {
        _text.Clear();
        for (int row = 0; row < block.Count; row++)
        {
            for (int c = 0; c < _keys.Length; c++)
            {
                _text.Add(_keys[c]);
                Add(block, c, row);
            }

            _text.Add("}\n"u8);
        }

        return _stream.WriteAsync(_text.Written, cancellationToken);
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
                _text.Add(Quote(words));
                break;
            default:
                _text.Add("null"u8);
                break;
        }
    }

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
