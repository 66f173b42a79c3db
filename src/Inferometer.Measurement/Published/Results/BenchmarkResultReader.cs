using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Measurement.Published.Layouts;

namespace Inferometer.Measurement.Published.Results;

/// <summary>
/// Reads what benchmarks write: llama-bench (JSON, JSON lines, CSV, Markdown), vLLM's and SGLang's serving benchmarks (JSON, JSON lines),
/// AIPerf and GenAI-Perf (JSON), and tables of measurements as <see cref="PublishedTableReader"/> does. Which it is, the content says.
/// </summary>
public static class BenchmarkResultReader
{
    private const string Serving = "of vLLM's 'bench serve --save-result', of SGLang's bench_serving, of AIPerf and GenAI-Perf";
    private const string Known =
        $"Read are results of llama-bench (-o json, jsonl, csv, md), {Serving}, and tables as docs/fidelity.md lists them";

    /// <summary>What to tell of the CSV of GenAI-Perf and AIPerf, whose header begins with <c>Metric</c>.</summary>
    internal const string WithoutLoad = "figures of GenAI-Perf or AIPerf as CSV, which do not say what the load was; give the JSON that "
        + "they write beside it (profile_export_genai_perf.json, profile_export_aiperf.json).";

    private const string KnownResults = $"Read are results of llama-bench (-o json, jsonl, csv), {Serving}";

    // Columns of CSV that are texts though they may look like numbers, a commit of digits for one, and those that are yes or no.
    private static readonly string[] Texts =
        ["build_commit", "cpu_info", "gpu_info", "model_filename", "model_type", "test_time", "tensor_split"];

    private static readonly string[] YesOrNo = ["cpu_strict", "embeddings", "no_host", "no_kv_offload", "use_direct_io", "use_mmap"];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="subject">What ran, where the file does not say.</param>
    /// <exception cref="InferometerException">It cannot be read, is of no benchmark that is known, or lacks what neither it nor the
    /// subject says.</exception>
    public static PublishedTable Read(string path, BenchmarkSubject subject)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(subject);
        try
        {
            return Read(File.ReadAllText(path), path, subject);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What error messages call it.</param>
    /// <param name="subject">What ran, where the text does not say.</param>
    /// <exception cref="InferometerException">As for a file.</exception>
    public static PublishedTable Read(string text, string name, BenchmarkSubject subject)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(subject);
        string start = text.TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        PublishedTable table = start.Length == 0 ? throw new InferometerException($"{name}: the file is empty.")
            : start[0] is '{' or '[' ? Json(start, name, subject)
            : start[0] is '|' ? Rates(name, "llama-bench, Markdown", [.. LlamaBench.Markdown(text.Split('\n'), name, subject)])
            : Csv(text, name, subject);
        return table.Count > 0 ? table : throw new InferometerException($"{name}: it holds no measurement.");
    }

    /// <summary>The results in a JSON document, an array, an object a line, or a CSV file of llama-bench, each with the program that
    /// wrote it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What error messages call it.</param>
    /// <exception cref="InferometerException">It is neither, or of no benchmark that is known.</exception>
    public static IReadOnlyList<(BenchmarkProgram Program, JsonElement Result)> Recognize(string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<(BenchmarkProgram, JsonElement)> results = [];
        string start = text.TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        if (start.Length == 0)
        {
            throw new InferometerException($"{name}: it is empty. {KnownResults}.");
        }

        if (start.StartsWith("Metric,", StringComparison.Ordinal))
        {
            throw new InferometerException(
                $"{name}: {WithoutLoad}");
        }

        if (start.StartsWith('|'))
        {
            throw new InferometerException(
                $"{name}: a table of llama-bench in Markdown has rounded figures and not what ran; write it with -o json, jsonl or csv.");
        }

        foreach (JsonElement element in IsCsv(start) ? Rows(start, name) : Objects(start, name))
        {
            string where = string.Create(CultureInfo.InvariantCulture, $"{name}, result {results.Count + 1}");
            if (element.ValueKind is not JsonValueKind.Object)
            {
                throw new InferometerException($"{where}: it is no object. {KnownResults}.");
            }

            JsonResult o = new(element, where);
            results.Add((
                LlamaBench.Is(o.Has) ? BenchmarkProgram.LlamaBench
                : ServingBenchmark.IsVllm(o) ? BenchmarkProgram.VllmServing
                : ServingBenchmark.IsAiPerf(o) ? BenchmarkProgram.AiPerf
                : throw new InferometerException($"{where}: its fields are of no benchmark that is known. {KnownResults}."), element));
        }

        return results.Count > 0 ? results : throw new InferometerException($"{name}: it holds no result.");
    }

    private static bool IsCsv(string text) =>
        LlamaBench.Is(column => text.AsSpan(0, Math.Max(0, text.IndexOf('\n', StringComparison.Ordinal))).ToString().Split(',')
            .Any(c => c.Trim().Trim('"').Equals(column, StringComparison.Ordinal)));

    // The fields as JSON has them: what reads as a number is one.
    private static IEnumerable<JsonElement> Rows(string text, string name)
    {
        CsvTable table = new(new StringReader(text), name);
        while (table.Read())
        {
            JsonObject row = [];
            foreach (string column in table.Columns)
            {
                string value = table.Text(column);
                row[column] = value is "0" or "1" && YesOrNo.Contains(column, StringComparer.Ordinal) ? JsonValue.Create(value is "1")
                    : double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                    && double.IsFinite(number) && !Texts.Contains(column, StringComparer.Ordinal)
                    ? JsonValue.Create(number) : JsonValue.Create(value);
            }

            yield return JsonElement.Parse(row.ToJsonString());
        }
    }

    private static PublishedTable Csv(string text, string name, BenchmarkSubject subject)
    {
        CsvTable table = new(new StringReader(text), name);
        if (!LlamaBench.Is(column => table.Columns.Contains(column, StringComparer.Ordinal)))
        {
            PublishedTable read = PublishedTableReader.Read(new StringReader(text), name);
            bool isOfOperators = read.Operators.Count > 0 && (subject with { System = null, Framework = null }).IsEmpty;
            return isOfOperators || subject.IsEmpty ? read : throw new InferometerException(
                read.Operators.Count > 0
                    ? $"{name}: the table says itself what was timed; --on and --framework alone may choose among its machines and kernels."
                    : $"{name}: the table says itself what ran; leave --model, --on and the like out.");
        }

        List<ThroughputMeasurement> rows = [];
        while (table.Read())
        {
            rows.Add(LlamaBench.Row(
                table.Text, string.Create(CultureInfo.InvariantCulture, $"{name}, line {table.Line}"), name, table.Line, subject));
        }

        return Rates(name, "llama-bench, CSV", rows);
    }

    private static PublishedTable Json(string text, string name, BenchmarkSubject subject)
    {
        List<ServingMeasurement> serving = [];
        List<ThroughputMeasurement> rates = [];
        List<string> kinds = [];
        int number = 0;
        foreach (JsonElement element in Objects(text, name))
        {
            string where = string.Create(CultureInfo.InvariantCulture, $"{name}, result {++number}");
            JsonResult o = element.ValueKind == JsonValueKind.Object
                ? new JsonResult(element, where)
                : throw new InferometerException($"{where}: it is no object. {Known}.");
            if (LlamaBench.Is(o.Has))
            {
                kinds.Add("llama-bench, JSON");
                rates.Add(LlamaBench.Row(TextOf, where, name, number, subject));
            }
            else if (ServingBenchmark.IsVllm(o))
            {
                kinds.Add("serving benchmark of vLLM or SGLang");
                serving.Add(ServingBenchmark.Vllm(o, name, number, subject));
            }
            else if (ServingBenchmark.IsAiPerf(o))
            {
                kinds.Add("AIPerf or GenAI-Perf");
                serving.Add(ServingBenchmark.AiPerf(o, name, number, subject));
            }
            else
            {
                throw new InferometerException($"{where}: its fields are of no benchmark that is known. {Known}.");
            }

            string TextOf(string field) => o.Text(field) ?? (o.Has(field) ? element.GetProperty(field).GetRawText() : "");
        }

        return new PublishedTable
        {
            Path = name,
            Layout = string.Join(", ", kinds.Distinct(StringComparer.Ordinal)),
            Serving = serving,
            Throughput = rates,
        };
    }

    // One document, an array or an object, or one object a line.
    private static IEnumerable<JsonElement> Objects(string text, string name)
    {
        if (TryParse(text) is { } whole)
        {
            return whole.ValueKind == JsonValueKind.Array ? whole.EnumerateArray() : [whole];
        }

        List<JsonElement> lines = [];
        int number = 0;
        foreach (string line in text.Split('\n').Select(l => l.Trim()))
        {
            number++;
            if (line.Length > 0)
            {
                lines.Add(TryParse(line) ?? throw new InferometerException(string.Create(
                    CultureInfo.InvariantCulture, $"{name}: neither one JSON document nor one object a line; line {number} is no JSON.")));
            }
        }

        return lines;
    }

    private static JsonElement? TryParse(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return JsonUnicode.IsSound(document.RootElement) ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static PublishedTable Rates(string name, string layout, IReadOnlyList<ThroughputMeasurement> rows) =>
        new() { Path = name, Layout = layout, Throughput = rows };
}
