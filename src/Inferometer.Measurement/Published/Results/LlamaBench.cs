using System.Globalization;
using System.Text.RegularExpressions;
using Inferometer.Core;

namespace Inferometer.Measurement.Published.Results;

/// <summary>
/// Rows of llama-bench, whose JSON, JSONL and CSV have equal fields: <c>n_prompt</c>, <c>n_gen</c>, <c>n_depth</c>, <c>avg_ts</c>,
/// <c>model_filename</c>, <c>model_type</c>, <c>gpu_info</c>, <c>type_k</c>, <c>n_gpu_layers</c>; and its tables in Markdown.
/// </summary>
internal static partial class LlamaBench
{
    private const string Framework = "llama.cpp";

    public static bool Is(Func<string, bool> has) => has("n_prompt") && has("n_gen") && has("avg_ts");

    /// <summary>One test by its fields.</summary>
    /// <param name="text">Text of a field, empty where it is missing.</param>
    /// <param name="where">What errors call it.</param>
    /// <param name="path">The file.</param>
    /// <param name="line">Number of the row.</param>
    /// <param name="subject">What is known beside the file.</param>
    public static ThroughputMeasurement Row(Func<string, string> text, string where, string path, int line, BenchmarkSubject subject)
    {
        string type = text("model_type");
        bool onProcessor = text("backends") is "CPU" or "BLAS" || text("gpu_info").Length == 0;
        string devices = text(onProcessor ? "cpu_info" : "gpu_info");
        return Row(new Test(
            where, path, line, Whole("n_prompt"), Whole("n_gen"), text("n_depth").Length == 0 ? 0 : Whole("n_depth"), Rate("avg_ts"),
            ModelOf(text("model_filename")), type, devices, text("type_k"), text("n_gpu_layers")), subject);

        int Whole(string name) => int.TryParse(text(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw Wrong(where, name, text(name), "a whole number from 0");

        double Rate(string name) => double.TryParse(text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && value > 0 && double.IsFinite(value)
            ? value
            : throw Wrong(where, name, text(name), "a number above 0");
    }

    /// <summary>The tests of a Markdown table: columns <c>model</c>, <c>test</c>, <c>t/s</c> and others.</summary>
    public static IEnumerable<ThroughputMeasurement> Markdown(IEnumerable<string> lines, string path, BenchmarkSubject subject)
    {
        string[]? columns = null;
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            string trimmed = line.Trim();
            if (!trimmed.StartsWith('|'))
            {
                continue;
            }

            string[] cells = [.. trimmed.Trim('|').Split('|').Select(c => c.Trim())];
            if (columns is null)
            {
                columns = cells;
                continue;
            }

            if (cells.All(c => c.All(letter => letter is '-' or ':' or ' ')))
            {
                continue;
            }

            string where = string.Create(CultureInfo.InvariantCulture, $"{path}, line {number}");
            Match test = TestName().Match(Cell("test"));
            if (!test.Success)
            {
                throw Wrong(where, "test", Cell("test"), "as llama-bench writes it, such as pp512 or tg128 @ d512");
            }

            string rate = Cell("t/s").Split('±')[0].Trim();
            if (!double.TryParse(rate, NumberStyles.Float, CultureInfo.InvariantCulture, out double tokens) || tokens <= 0)
            {
                throw Wrong(where, "t/s", Cell("t/s"), "a rate above 0, such as 119.92 ± 0.43");
            }

            int size = int.Parse(test.Groups["size"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
            bool prompt = test.Groups["kind"].ValueSpan is "pp";
            int depth = test.Groups["depth"].Success
                ? int.Parse(test.Groups["depth"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture)
                : 0;
            yield return Row(
                new Test(
                    where, path, number, prompt ? size : 0, prompt ? 0 : size, depth, tokens, null, Cell("model"), "", Cell("type_k"),
                    Cell("ngl")),
                subject);

            string Cell(string name) => Array.IndexOf(columns, name) is >= 0 and var at && at < cells.Length ? cells[at] : "";
        }
    }

    private static ThroughputMeasurement Row(Test test, BenchmarkSubject subject)
    {
        if (test.Prompt > 0 == test.Generated > 0)
        {
            throw new InferometerException(
                $"{test.Where}: prompt and generation were timed as one; only tests of one of them (-p, -n) can be calibrated to.");
        }

        if (test.GpuLayers is { Length: > 0 } layers && int.TryParse(layers, CultureInfo.InvariantCulture, out int count)
            && count is > 0 and < 20)
        {
            throw new InferometerException($"{test.Where}: only {count} layers were on the device; run it with -ngl 99.");
        }

        string[] devices = test.Devices.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (devices.Length > 1)
        {
            throw new InferometerException($"{test.Where}: it ran on {devices.Length} devices; only single ones can be calibrated to.");
        }

        bool prompt = test.Prompt > 0;
        return new ThroughputMeasurement
        {
            Id = test.Where,
            Table = test.Path,
            Line = test.Line,
            Framework = Framework,
            Model = BenchmarkSubject.Require(subject.Model, test.Model, test.Where, "which model ran; say it with --model"),
            System = BenchmarkSubject.Require(
                subject.System, devices.Length == 1 ? DeviceOf(devices[0]) : null, test.Where, "on which machine; say it with --on"),
            Precision = BenchmarkSubject.Require(
                subject.Precision, FormatOf(test.Type), test.Where, "in which number format; say it with --bits"),
            KvPrecision = subject.KvPrecision ?? (test.CacheType is "f16" or "" ? "" : test.CacheType),
            InputTokens = prompt ? test.Prompt : null,
            OutputTokens = prompt ? null : test.Generated,
            DepthTokens = test.Depth,
            Concurrency = 1,
            Metric = prompt ? ThroughputMetric.PrefillTokensPerSecond : ThroughputMetric.DecodeTokensPerSecond,
            Value = test.Rate,
        };
    }

    // models/Qwen2.5-7B-Instruct-Q4_K_M.gguf -> Qwen2.5-7B-Instruct
    private static string? ModelOf(string file)
    {
        string name = file[(file.LastIndexOfAny(['/', '\\']) + 1)..];
        name = name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? name[..^5] : name;
        name = Shard().Replace(name, "");
        return FileFormat().Replace(name, "") is { Length: > 0 } model ? model : null;
    }

    private static string DeviceOf(string name)
    {
        foreach (string prefix in (string[])["NVIDIA GeForce ", "NVIDIA ", "AMD Radeon ", "AMD "])
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                return name[prefix.Length..].Replace(' ', '_');
            }
        }

        return name.Replace(' ', '_');
    }

    // "qwen2 7B Q4_K - Medium" -> q4_k_m, "llama 7B mostly Q4_0" -> q4_0, "llama 8B F16" -> f16
    private static string? FormatOf(string type)
    {
        Match match = TypeFormat().Match(type);
        if (!match.Success)
        {
            return null;
        }

        string size = match.Groups["size"].Success ? "_" + match.Groups["size"].Value[..1] : "";
        return (match.Groups["format"].Value + size).ToLowerInvariant();
    }

    private static InferometerException Wrong(string where, string name, string value, string allowed) =>
        new($"{where}: the field '{name}' is '{value}'; it must be {allowed}.");

    [GeneratedRegex(@"^(?<kind>pp|tg)\s*(?<size>\d{1,7})(\s*@\s*d(?<depth>\d{1,7}))?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TestName();

    [GeneratedRegex(@"-\d{5}-of-\d{5}$", RegexOptions.None, 1000)]
    private static partial Regex Shard();

    [GeneratedRegex(@"[-.](UD-)?(I?Q\d\w*|F16|F32|BF16|MXFP4\w*)$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FileFormat();

    [GeneratedRegex(
        @"\b(?<format>I?Q\d_\w+|F16|F32|BF16|MXFP4)( - (?<size>Small|Medium|Large))?",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TypeFormat();

    private sealed record Test(
        string Where, string Path, int Line, int Prompt, int Generated, int Depth, double Rate, string? Model, string Type, string Devices,
        string CacheType, string GpuLayers);
}
