using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Sweeps.Rows;

/// <summary>Results of a sweep in memory: the columns that are wanted, of every row.</summary>
internal sealed class ResultTable
{
    private readonly Dictionary<string, ResultValues> _columns;

    private ResultTable(IReadOnlyList<string> keys, IEnumerable<ResultValues> columns)
    {
        Keys = keys;
        _columns = columns.ToDictionary(c => c.Key, StringComparer.Ordinal);
    }

    /// <summary>All columns of the file, in order.</summary>
    public IReadOnlyList<string> Keys { get; }

    /// <summary>Number of rows.</summary>
    public int Rows => _columns.Count == 0 ? 0 : _columns.Values.First().Count;

    /// <summary>A column that was wanted.</summary>
    public ResultValues this[string key] => _columns[key];

    /// <summary>The keys of a file's columns.</summary>
    /// <exception cref="InferometerException">The file cannot be read, or is not of its format.</exception>
    public static async Task<IReadOnlyList<string>> KeysOfAsync(string file)
    {
        if (ResultFormats.Of(file, "RESULTS") == ResultFormat.Parquet)
        {
            return [.. (await ParquetTable.ColumnsAsync(file).ConfigureAwait(false)).Select(c => c.Key)];
        }

        using StreamReader reader = Open(file);
        if (ResultFormats.Of(file, "RESULTS") == ResultFormat.Csv)
        {
            CsvRecords header = new(reader, file);
            return header.Read() ? [.. header.Fields] : throw new InferometerException($"{file}: the file is empty.");
        }

        string line = await reader.ReadLineAsync().ConfigureAwait(false) ?? throw new InferometerException($"{file}: the file is empty.");
        using JsonDocument first = Parse(line, file, 1);
        return [.. first.RootElement.EnumerateObject().Select(p => p.Name)];
    }

    /// <summary>Reads some columns of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="wanted">Keys of the columns; they are there.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="InferometerException">The file is not of its format.</exception>
    public static async Task<ResultTable> LoadAsync(string file, IReadOnlyCollection<string> wanted, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> keys = await KeysOfAsync(file).ConfigureAwait(false);
        ResultValues?[] columns = [.. keys.Select(k => wanted.Contains(k, StringComparer.Ordinal) ? new ResultValues(k) : null)];
        switch (ResultFormats.Of(file, "RESULTS"))
        {
            case ResultFormat.Csv:
                ReadCsv(file, columns, cancellationToken);
                break;
            case ResultFormat.JsonLines:
                ReadJsonLines(file, keys, columns, cancellationToken);
                break;
            default:
                await ReadParquetAsync(file, columns, cancellationToken).ConfigureAwait(false);
                break;
        }

        return new ResultTable(keys, columns.OfType<ResultValues>());
    }

    private static void ReadCsv(string file, ResultValues?[] columns, CancellationToken cancellationToken)
    {
        using StreamReader reader = Open(file);
        CsvRecords records = new(reader, file);
        _ = records.Read();
        while (records.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (records.Fields.Count != columns.Length)
            {
                throw new InferometerException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{records.Where}: {records.Fields.Count} fields where the header has {columns.Length}."));
            }

            for (int c = 0; c < columns.Length; c++)
            {
                columns[c]?.Add(records.Fields[c].AsSpan());
            }
        }
    }

    private static void ReadJsonLines(
        string file, IReadOnlyList<string> keys, ResultValues?[] columns, CancellationToken cancellationToken)
    {
        using StreamReader reader = Open(file);
        for (long row = 1; reader.ReadLine() is { } line; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using JsonDocument values = Parse(line, file, row);
            for (int c = 0; c < columns.Length; c++)
            {
                if (columns[c] is { } column)
                {
                    Add(column, values.RootElement.TryGetProperty(keys[c], out JsonElement value) ? value : default);
                }
            }
        }
    }

    private static void Add(ResultValues column, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                column.Add(value.GetDouble());
                break;
            case JsonValueKind.String:
                column.AddText(value.GetString());
                break;
            default:
                column.Add((double?)null);
                break;
        }
    }

    private static async Task ReadParquetAsync(string file, ResultValues?[] columns, CancellationToken cancellationToken)
    {
        IReadOnlyList<ResultColumn> all = await ParquetTable.ColumnsAsync(file).ConfigureAwait(false);
        await foreach (RowBlock block in ParquetTable.ReadAsync(file, all, cancellationToken).ConfigureAwait(false))
        {
            for (int c = 0; c < columns.Length; c++)
            {
                for (int row = 0; columns[c] is { } column && row < block.Count; row++)
                {
                    switch (all[c].Kind)
                    {
                        case ColumnKind.Whole:
                            column.Add((double?)block.Whole(c)[row]);
                            break;
                        case ColumnKind.Number:
                            column.Add(block.Numbers(c)[row]);
                            break;
                        default:
                            column.AddText(block.Texts(c)[row]);
                            break;
                    }
                }
            }
        }
    }

    private static StreamReader Open(string file)
    {
        try
        {
            return new StreamReader(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"'{file}' cannot be read: {FileFault.Describe(error, file)}", error);
        }
    }

    private static JsonDocument Parse(string line, string file, long row)
    {
        try
        {
            var values = JsonDocument.Parse(line);
            return values.RootElement.ValueKind == JsonValueKind.Object
                ? values
                : throw new JsonException("it is no object");
        }
        catch (JsonException error)
        {
            throw new InferometerException(
                string.Create(CultureInfo.InvariantCulture, $"{file}: line {row} is not a JSON object: {JsonFault.Reason(error)}"), error);
        }
    }
}
