namespace Inferometer.Sweeps.Rows;

/// <summary>Makes the writer of a format.</summary>
internal static class RowWriters
{
    public static async Task<IRowWriter> CreateAsync(
        ResultFormat format, Stream stream, IReadOnlyList<ResultColumn> columns, CancellationToken cancellationToken) => format switch
        {
            ResultFormat.Csv => new CsvRows(stream),
            ResultFormat.JsonLines => new JsonLinesRows(stream, columns),
            _ => await ParquetRows.CreateAsync(stream, columns, cancellationToken).ConfigureAwait(false),
        };
}
