using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Serving.Arrivals;

/// <summary>
/// Reads traces: CSV with a header line, or one JSON object a line. The fields are the same in both: <c>time</c> (seconds), <c>input</c>
/// and <c>output</c> (tokens), and where wanted <c>priority</c> and <c>group</c>; in JSON also <c>prompt</c>, an array of token ids, which
/// makes <c>input</c> superfluous. Read as well, by their own names of fields, are the public traces of Azure, Mooncake (as AIPerf has
/// them, with their block hashes), LLMServingSim, Vidur and BurstGPT; docs/simulate.md has the table. Empty lines are skipped. Every error
/// names the line.
/// </summary>
public static class ArrivalTraceReader
{
    private static readonly string[] s_columns = [.. TraceLayout.Own.Required, "priority", "group"];
    private static readonly string[] s_fields = [.. s_columns, "prompt"];

    /// <summary>Reads a file; its ending says what it is: <c>.csv</c>, <c>.tsv</c>, <c>.jsonl</c> or <c>.ndjson</c>.</summary>
    /// <exception cref="InferometerException">The file is missing, of another kind, or malformed.</exception>
    public static ArrivalTrace Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string ending = Path.GetExtension(path).ToUpperInvariant();
        if (ending is not (".CSV" or ".TSV" or ".JSONL" or ".NDJSON"))
        {
            throw new InferometerException($"arrival trace {path}: read are files that end in .csv, .tsv, .jsonl or .ndjson.");
        }

        try
        {
            using StreamReader reader = new(path);
            return ending switch
            {
                ".CSV" => ReadTable(reader, path, ','),
                ".TSV" => ReadTable(reader, path, '\t'),
                _ => ReadJsonLines(reader, path),
            };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"arrival trace {path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>Reads comma-separated values; the first line names the columns, in any order.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="name">What error messages call it.</param>
    /// <exception cref="InferometerException">A column is unknown, missing or double, or a line is malformed.</exception>
    public static ArrivalTrace ReadCsv(TextReader reader, string name) => ReadTable(reader, name, ',');

    private static ArrivalTrace ReadTable(TextReader reader, string name, char separator)
    {
        ArgumentNullException.ThrowIfNull(reader);
        CsvRecords records = new(reader, $"arrival trace {name}", separator);
        string[]? columns = null;
        TraceLayout layout = TraceLayout.Own;
        DateTimeOffset? origin = null;
        List<Arrival> arrivals = [];
        while (records.Read())
        {
            string where = records.Where;
            string[] cells = [.. records.Fields.Select(c => c.Trim())];
            if (cells is [""])
            {
                continue;
            }

            if (columns is null)
            {
                columns = cells;
                layout = TraceLayout.Of(columns);
                CheckColumns(columns, layout, where);
                continue;
            }

            if (cells.Length != columns.Length)
            {
                throw new InferometerException($"{where}: {cells.Length} fields where the header has {columns.Length}.");
            }

            string? Cell(string column) =>
                Array.IndexOf(columns, column) is >= 0 and int index && cells[index].Length > 0 ? cells[index] : null;
            bool own = ReferenceEquals(layout, TraceLayout.Own);
            Add(arrivals, new Arrival
            {
                Seconds = layout.Seconds(Cell(layout.Time), ref origin, where),
                InputTokens = Integer(Cell(layout.Input), layout.Input, where),
                OutputTokens = Integer(Cell(layout.Output), layout.Output, where),
                Priority = own && Cell("priority") is { } priority ? Integer(priority, "priority", where) : 0,
                Group = own ? Cell("group") : null,
            }, where);
        }

        return new ArrivalTrace(arrivals, name);
    }

    /// <summary>Reads one JSON object a line.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="name">What error messages call it.</param>
    /// <exception cref="InferometerException">A line is no object, or a field is unknown, missing or malformed.</exception>
    public static ArrivalTrace ReadJsonLines(TextReader reader, string name)
    {
        ArgumentNullException.ThrowIfNull(reader);
        TraceLayout? layout = null;
        DateTimeOffset? origin = null;
        List<Arrival> arrivals = [];
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            string where = string.Create(CultureInfo.InvariantCulture, $"arrival trace {name}, line {number}");
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                JsonElement root = document.RootElement;
                if (root.ValueKind != JsonValueKind.Object)
                {
                    throw new InferometerException($"{where}: {root.ValueKind} where an object is expected.");
                }

                if (!JsonUnicode.IsSound(root))
                {
                    throw new InferometerException($"{where}: it holds text that is no Unicode.");
                }

                layout ??= TraceLayout.Of([.. root.EnumerateObject().Select(p => p.Name)]);
                Add(
                    arrivals,
                    ReferenceEquals(layout, TraceLayout.Own) ? FromJson(root, where) : FromForeign(root, layout, ref origin, where),
                    where);
            }
            catch (JsonException error)
            {
                throw new InferometerException($"{where}: no JSON: {JsonFault.Reason(error)}", error);
            }
        }

        return new ArrivalTrace(arrivals, name);
    }

    private static void Add(List<Arrival> arrivals, Arrival arrival, string where)
    {
        ArrivalTrace.Check(arrival, arrivals.Count == 0 ? null : arrivals[^1], where);
        arrivals.Add(arrival);
    }

    private static void CheckColumns(string[] columns, TraceLayout layout, string where)
    {
        foreach (string column in columns)
        {
            if (ReferenceEquals(layout, TraceLayout.Own) && !s_columns.Contains(column, StringComparer.Ordinal))
            {
                throw new InferometerException(
                    $"{where}: unknown column \"{column}\"; known are {string.Join(", ", s_columns)}, or the columns of another project: "
                        + $"{TraceLayout.Known}.");
            }

            if (columns.Count(c => string.Equals(c, column, StringComparison.Ordinal)) > 1)
            {
                throw new InferometerException($"{where}: column \"{column}\" is there twice.");
            }
        }

        string[] missing = [.. layout.Required.Except(columns, StringComparer.Ordinal)];
        if (missing.Length > 0)
        {
            throw new InferometerException(
                $"{where}: the header lacks {string.Join(", ", missing)}; needed are {string.Join(", ", layout.Required)}.");
        }
    }

    private static Arrival FromJson(JsonElement line, string where)
    {
        foreach (JsonProperty property in line.EnumerateObject())
        {
            if (!s_fields.Contains(property.Name, StringComparer.Ordinal))
            {
                throw new InferometerException(
                    $"{where}: unknown field \"{property.Name}\"; known are {string.Join(", ", s_fields)}, or the fields of another "
                        + $"project: {TraceLayout.Known}.");
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

    private static Arrival FromForeign(JsonElement line, TraceLayout layout, ref DateTimeOffset? origin, string where)
    {
        int input = Integer(Field(line, layout.Input), layout.Input, where);
        return new Arrival
        {
            Seconds = layout.Seconds(Field(line, layout.Time), ref origin, where),
            InputTokens = input,
            OutputTokens = Integer(Field(line, layout.Output), layout.Output, where),
            Segments = line.TryGetProperty(TraceLayout.HashIds, out JsonElement hashes) ? Blocks(hashes, input, where) : default,
        };
    }

    // Equal hashes are equal blocks; the last one may be filled in part.
    private static PromptSegment[] Blocks(JsonElement hashes, int input, string where)
    {
        if (hashes.ValueKind != JsonValueKind.Array)
        {
            throw new InferometerException(
                $"{where}: {TraceLayout.HashIds} is {hashes.GetRawText()}; expected is an array of whole numbers.");
        }

        List<PromptSegment> blocks = [];
        int left = input;
        foreach (JsonElement hash in hashes.EnumerateArray())
        {
            int id = Integer(hash.GetRawText(), TraceLayout.HashIds, where);
            if (left > 0)
            {
                // hashes begin at 0, which is no content
                blocks.Add(new PromptSegment(id + 1, Math.Min(left, TraceLayout.MooncakeBlockTokens)));
                left -= TraceLayout.MooncakeBlockTokens;
            }
        }

        return [.. blocks];
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
