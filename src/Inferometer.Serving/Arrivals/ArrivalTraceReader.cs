using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Serving.Arrivals;

/// <summary>
/// Reads traces: CSV with a header line, or one JSON object a line. The fields are the same in both: <c>time</c> (seconds), <c>input</c>
/// and <c>output</c> (tokens), and where wanted <c>priority</c> and <c>group</c>; in JSON also <c>prompt</c>, an array of token ids, which
/// makes <c>input</c> superfluous. Empty lines are skipped. Every error names the line.
/// </summary>
public static class ArrivalTraceReader
{
    private static readonly string[] s_required = ["time", "input", "output"];
    private static readonly string[] s_columns = [.. s_required, "priority", "group"];
    private static readonly string[] s_fields = [.. s_columns, "prompt"];

    /// <summary>Reads a file; its ending says what it is: <c>.csv</c>, <c>.jsonl</c> or <c>.ndjson</c>.</summary>
    /// <exception cref="InferometerException">The file is missing, of another kind, or malformed.</exception>
    public static ArrivalTrace Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string ending = Path.GetExtension(path).ToUpperInvariant();
        if (ending is not (".CSV" or ".JSONL" or ".NDJSON"))
        {
            throw new InferometerException($"arrival trace {path}: read are files that end in .csv, .jsonl or .ndjson.");
        }

        try
        {
            using StreamReader reader = new(path);
            return ending is ".CSV" ? ReadCsv(reader, path) : ReadJsonLines(reader, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"arrival trace {path}: {error.Message}", error);
        }
    }

    /// <summary>Reads comma-separated values; the first line names the columns, in any order. Fields hold no commas or quotes.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="name">What error messages call it.</param>
    /// <exception cref="InferometerException">A column is unknown, missing or double, or a line is malformed.</exception>
    public static ArrivalTrace ReadCsv(TextReader reader, string name)
    {
        ArgumentNullException.ThrowIfNull(reader);
        string[]? columns = null;
        return ReadLines(reader, name, (line, where) =>
        {
            string[] cells = line.Split(',', StringSplitOptions.TrimEntries);
            if (columns is null)
            {
                columns = cells;
                CheckColumns(columns, where);
                return null;
            }

            if (cells.Length != columns.Length)
            {
                throw new InferometerException($"{where}: {cells.Length} fields where the header has {columns.Length}.");
            }

            string? Cell(string column) =>
                Array.IndexOf(columns, column) is >= 0 and int index && cells[index].Length > 0 ? cells[index] : null;
            return new Arrival
            {
                Seconds = Number(Cell("time"), "time", where),
                InputTokens = Integer(Cell("input"), "input", where),
                OutputTokens = Integer(Cell("output"), "output", where),
                Priority = Cell("priority") is { } priority ? Integer(priority, "priority", where) : 0,
                Group = Cell("group"),
            };
        });
    }

    /// <summary>Reads one JSON object a line.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="name">What error messages call it.</param>
    /// <exception cref="InferometerException">A line is no object, or a field is unknown, missing or malformed.</exception>
    public static ArrivalTrace ReadJsonLines(TextReader reader, string name)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return ReadLines(reader, name, (line, where) =>
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                return FromJson(document.RootElement, where);
            }
            catch (JsonException error)
            {
                throw new InferometerException($"{where}: no JSON ({error.Message})", error);
            }
        });
    }

    private static ArrivalTrace ReadLines(TextReader reader, string name, Func<string, string, Arrival?> parse)
    {
        List<Arrival> arrivals = [];
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            string where = string.Create(CultureInfo.InvariantCulture, $"arrival trace {name}, line {number}");
            if (string.IsNullOrWhiteSpace(line) || parse(line, where) is not { } arrival)
            {
                continue;
            }

            ArrivalTrace.Check(arrival, arrivals.Count == 0 ? null : arrivals[^1], where);
            arrivals.Add(arrival);
        }

        return new ArrivalTrace(arrivals, name);
    }

    private static void CheckColumns(string[] columns, string where)
    {
        foreach (string column in columns)
        {
            if (!s_columns.Contains(column, StringComparer.Ordinal))
            {
                throw new InferometerException($"{where}: unknown column \"{column}\"; known are {string.Join(", ", s_columns)}.");
            }

            if (columns.Count(c => string.Equals(c, column, StringComparison.Ordinal)) > 1)
            {
                throw new InferometerException($"{where}: column \"{column}\" is there twice.");
            }
        }

        string[] missing = [.. s_required.Except(columns, StringComparer.Ordinal)];
        if (missing.Length > 0)
        {
            throw new InferometerException(
                $"{where}: the header lacks {string.Join(", ", missing)}; needed are {string.Join(", ", s_required)}.");
        }
    }

    private static Arrival FromJson(JsonElement line, string where)
    {
        if (line.ValueKind != JsonValueKind.Object)
        {
            throw new InferometerException($"{where}: {line.ValueKind} where an object is expected.");
        }

        foreach (JsonProperty property in line.EnumerateObject())
        {
            if (!s_fields.Contains(property.Name, StringComparer.Ordinal))
            {
                throw new InferometerException($"{where}: unknown field \"{property.Name}\"; known are {string.Join(", ", s_fields)}.");
            }
        }

        int[] prompt = line.TryGetProperty("prompt", out JsonElement ids) ? Prompt(ids, where) : [];
        return new Arrival
        {
            Seconds = Number(Field(line, "time"), "time", where),
            InputTokens = prompt.Length > 0 && Field(line, "input") is null ? prompt.Length : Integer(Field(line, "input"), "input", where),
            OutputTokens = Integer(Field(line, "output"), "output", where),
            Prompt = prompt,
            Priority = Field(line, "priority") is { } priority ? Integer(priority, "priority", where) : 0,
            Group = line.TryGetProperty("group", out JsonElement group) ? Text(group) : null,
        };
    }

    private static int[] Prompt(JsonElement ids, string where)
    {
        if (ids.ValueKind != JsonValueKind.Array || ids.GetArrayLength() == 0)
        {
            throw new InferometerException($"{where}: prompt is {ids.GetRawText()}; expected is an array of token ids.");
        }

        return [.. ids.EnumerateArray().Select(id => Integer(id.GetRawText(), "prompt", where))];
    }

    private static string? Field(JsonElement line, string name) =>
        line.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetRawText() : null;

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(), // a number names a group as well as a word does
    };

    private static double Number(string? text, string name, string where) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? value
            : throw new InferometerException($"{where}: {name} is {text ?? "missing"}; expected is a number.");

    private static int Integer(string? text, string name, string where) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new InferometerException($"{where}: {name} is {text ?? "missing"}; expected is a whole number.");
}
