using Inferometer.Core;
using Parquet;
using Parquet.Schema;

namespace Inferometer.Sweeps.Rows;

/// <summary>Reads Parquet files of results, a row group at a time.</summary>
internal static class ParquetTable
{
    /// <summary>The columns of a file.</summary>
    /// <exception cref="InferometerException">It is no Parquet file, or has columns of other kinds.</exception>
    public static async Task<IReadOnlyList<ResultColumn>> ColumnsAsync(string file)
    {
        try
        {
            ParquetSchema schema = await ParquetReader.ReadSchemaAsync(file).ConfigureAwait(false);
            return [.. schema.DataFields.Select(f => new ResultColumn(f.Name, KindOf(f, file)))];
        }
        catch (Exception error) when (error is not InferometerException and (IOException or InvalidDataException or ParquetException))
        {
            throw new InferometerException($"{file}: not a Parquet file: {error.Message}", error);
        }
    }

    /// <summary>The rows of a file, one block a row group.</summary>
    public static async IAsyncEnumerable<RowBlock> ReadAsync(
        string file, IReadOnlyList<ResultColumn> columns,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ParquetReader reader = await ParquetReader.CreateAsync(file, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            DataField[] fields = reader.Schema.DataFields;
            for (int g = 0; g < reader.RowGroupCount; g++)
            {
                using ParquetRowGroupReader group = reader.OpenRowGroupReader(g);
                RowBlock block = new(columns, (int)group.RowCount);
                block.Begin((int)group.RowCount);
                for (int c = 0; c < fields.Length; c++)
                {
                    await ReadAsync(group, fields[c], block, c, cancellationToken).ConfigureAwait(false);
                }

                yield return block;
            }
        }
    }

    private static ValueTask ReadAsync(
        ParquetRowGroupReader group, DataField field, RowBlock block, int column, CancellationToken cancellationToken) =>
        block.Columns[column].Kind switch
        {
            ColumnKind.Whole => group.ReadAsync<long>(
                field, block.Whole(column).AsMemory(0, block.Count), cancellationToken: cancellationToken),
            ColumnKind.Number => group.ReadAsync<double>(
                field, block.Numbers(column).AsMemory(0, block.Count), cancellationToken: cancellationToken),
            _ => group.ReadAsync(field, block.Texts(column).AsMemory(0, block.Count)!, cancellationToken: cancellationToken),
        };

    private static ColumnKind KindOf(DataField field, string file) => field switch
    {
        { IsNullable: true } when field.ClrType == typeof(long) => ColumnKind.Whole,
        { IsNullable: true } when field.ClrType == typeof(double) => ColumnKind.Number,
        _ when field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>) => ColumnKind.Text, // of texts read back
        _ => throw new InferometerException(
            $"{file}: column '{field.Name}' is of {field.ClrType.Name}; results have 64-bit integers, doubles and texts."),
    };
}
