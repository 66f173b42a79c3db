using Parquet;
using Parquet.Schema;

namespace Inferometer.Sweeps.Rows;

/// <summary>
/// Parquet in row groups of a fixed number of rows, whatever the blocks that come, so that equal rows give equal bytes. Zstandard.
/// </summary>
internal sealed class ParquetRows : IRowWriter
{
    private const int GroupRows = 1 << 16;
    private readonly RowBlock _group;
    private readonly ParquetWriter _writer;
    private readonly DataField[] _fields;

    private ParquetRows(ParquetWriter writer, DataField[] fields, RowBlock group) => (_writer, _fields, _group) = (writer, fields, group);

    /// <summary>Begins a file.</summary>
    public static async Task<ParquetRows> CreateAsync(
        Stream stream, IReadOnlyList<ResultColumn> columns, CancellationToken cancellationToken)
    {
        DataField[] fields = [.. columns.Select(FieldOf)];
        ParquetOptions options = new() { CompressionMethod = CompressionMethod.Zstd };
        ParquetWriter writer =
            await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream, options, append: false,
                cancellationToken).ConfigureAwait(false);
        return new ParquetRows(writer, fields, new RowBlock(columns, GroupRows));
    }

    public async ValueTask WriteAsync(RowBlock block, CancellationToken cancellationToken)
    {
        for (int row = 0; row < block.Count;)
        {
            row += _group.Append(block, row);
            if (_group.Count == _group.Capacity)
            {
                await FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (_group.Count > 0)
        {
            await FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private static DataField FieldOf(ResultColumn column) => new(
        column.Key,
        column.Kind switch { ColumnKind.Whole => typeof(long), ColumnKind.Number => typeof(double), _ => typeof(string) },
        isNullable: true);

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        using ParquetRowGroupWriter group = _writer.CreateRowGroup();
        for (int c = 0; c < _fields.Length; c++)
        {
            switch (_group.Columns[c].Kind)
            {
                case ColumnKind.Whole:
                    await group.WriteAsync<long>(
                        _fields[c], _group.Whole(c).AsMemory(0, _group.Count), cancellationToken: cancellationToken).ConfigureAwait(false);
                    break;
                case ColumnKind.Number:
                    await group.WriteAsync<double>(
                        _fields[c], _group.Numbers(c).AsMemory(0, _group.Count), cancellationToken: cancellationToken)
                        .ConfigureAwait(false);
                    break;
                default:
                    await group.WriteAsync(_fields[c], new ArraySegment<string?>(_group.Texts(c), 0, _group.Count)!).ConfigureAwait(false);
                    break;
            }
        }

        group.CompleteValidate();
        _group.Begin(0);
    }
}
