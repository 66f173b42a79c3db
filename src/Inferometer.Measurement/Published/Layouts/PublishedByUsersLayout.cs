using System.Globalization;
using System.Text.RegularExpressions;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>
/// Figures that users published, in the words of their pages: <c>published_by_users.csv</c>. Rows about memory are sizes, not speeds, and
/// are left out here.
/// </summary>
internal sealed partial class PublishedByUsersLayout() : MeasurementLayout(
    "figures published by users (published_by_users.csv)",
    ["source_address", "kind", "hardware", "model", "precision", "settings", "metric", "reported"])
{
    private static readonly (string Word, string Framework)[] Frameworks =
    [
        ("SGLang", "sglang"), ("vLLM", "vllm"), ("TensorRT-LLM", "trtllm"), ("TensorRT-Edge-LLM", "trtllm-edge"), ("sgl-project", "sglang"),
        ("InferenceX", ""), ("llama.cpp", "llama.cpp"), ("GPU-Benchmarks-on-LLM-Inference", "llama.cpp"), ("Q4_", "llama.cpp"),
        ("Q8_", "llama.cpp"), ("Q2_", "llama.cpp"),
    ];

    /// <inheritdoc/>
    public override PublishedTable Read(CsvTable table, string path)
    {
        List<ThroughputMeasurement> rows = [];
        List<SkippedRow> skipped = [];
        while (table.Read())
        {
            switch (table.Text("kind"))
            {
                case "speed":
                    rows.Add(Row(table));
                    break;
                case "memory":
                    skipped.Add(new SkippedRow(table.Line, "a size, not a speed"));
                    break;
                default:
                    throw table.Wrong("kind", "speed or memory");
            }
        }

        return new PublishedTable { Path = path, Layout = Name, Throughput = rows, Skipped = skipped };
    }

    private static ThroughputMeasurement Row(CsvTable table)
    {
        string settings = table.Text("settings");
        (int devices, string system) = Hardware(table.Required("hardware"));
        bool layerSplit = settings.Contains("layer split", StringComparison.Ordinal);
        int attentionData = settings.Contains("--attention-dp", StringComparison.Ordinal) ? Found(DataPattern().Match(settings)) ?? 1 : 1;
        bool saturated = (settings + table.Text("model")).Contains("saturat", StringComparison.Ordinal)
            || table.Text("model").Contains("offline", StringComparison.Ordinal);

        // Who wants most of each device, and says no degree, serves a replica on each.
        bool replicas = saturated && table.Text("metric").EndsWith("/GPU", StringComparison.Ordinal);
        int tensor = Found(TensorPattern().Match(settings)) ?? (layerSplit || attentionData > 1 || replicas ? 1 : devices);
        (int? input, int? output) = Lengths(settings);
        return new ThroughputMeasurement
        {
            Id = IdOf(table),
            Table = table.Name,
            Line = table.Line,
            Source = table.Required("source_address"),
            System = system,
            Engine = new EnginePool
            {
                Tensor = tensor,
                Pipeline = layerSplit ? devices : 1,
                AttentionData = attentionData,
                Expert = Found(ExpertPattern().Match(settings)) ?? 1,
            },
            IsLayerSplit = layerSplit,
            Model = table.Required("model"),
            Framework = FrameworkOf(table),
            Precision = table.Required("precision").Split(',')[0].Split(' ')[0],
            KvPrecision = table.Text("precision").Contains("fp8 KV", StringComparison.Ordinal) ? "fp8" : "",
            InputTokens = input,
            OutputTokens = output,
            DepthTokens = Found(DepthPattern().Match(settings)) ?? 0,
            Concurrency = saturated ? null : Found(ConcurrencyPattern().Match(settings)) ?? 1,
            Metric = Metric(table),
            Value = table.RequiredPositive("reported"),
            Note = settings,
        };
    }

    private static (int Devices, string System) Hardware(string text)
    {
        Match several = SeveralPattern().Match(text);
        return several.Success ? (Number(several.Groups["n"]), several.Groups["system"].Value) : (1, text);
    }

    private static (int? Input, int? Output) Lengths(string settings)
    {
        if (LengthPattern().Match(settings) is { Success: true } pair)
        {
            return (Number(pair.Groups["in"]), Number(pair.Groups["out"]));
        }

        return (Found(PromptPattern().Match(settings)), Found(GeneratedPattern().Match(settings)));
    }

    private static string FrameworkOf(CsvTable table)
    {
        // What the settings say goes before where the page is.
        string[] texts = [table.Text("settings"), table.Text("precision"), table.Text("source_address")];
        return texts.SelectMany(text => Frameworks.Where(f => text.Contains(f.Word, StringComparison.OrdinalIgnoreCase)))
            .Select(f => f.Framework).FirstOrDefault() ?? "";
    }

    private static ThroughputMetric Metric(CsvTable table) => table.Text("metric") switch
    {
        "prefill tok/s" => ThroughputMetric.PrefillTokensPerSecond,
        "decode tok/s" or "decode tok/s all" => ThroughputMetric.DecodeTokensPerSecond,
        "decode tok/s/user" => ThroughputMetric.DecodeTokensPerSecondPerUser,
        "output tok/s/GPU" => ThroughputMetric.OutputTokensPerSecondPerDevice,
        "(in+out) tok/s" => ThroughputMetric.TotalTokensPerSecond,
        "TTFT ms" => ThroughputMetric.TtftMs,
        "TPOT ms" => ThroughputMetric.TpotMs,
        _ => throw table.Wrong(
            "metric",
            "prefill tok/s, decode tok/s, decode tok/s all, decode tok/s/user, output tok/s/GPU, (in+out) tok/s, TTFT ms or TPOT ms"),
    };

    private static int? Found(Match match) => match.Success ? Number(match.Groups["n"]) : null;

    private static int Number(Group group) => int.Parse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<n>\d{1,4})x (?<system>.+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SeveralPattern();

    [GeneratedRegex(@"(\bTP|--tp )(?<n>\d{1,4})\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TensorPattern();

    [GeneratedRegex(@"--dp (?<n>\d{1,4})\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DataPattern();

    [GeneratedRegex(@"(\bEP|--ep )(?<n>\d{1,4})\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ExpertPattern();

    [GeneratedRegex(@"(?<in>\d{1,7}) ?(in )?/ ?(?<out>\d{1,7})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LengthPattern();

    [GeneratedRegex(@"(\bpp|\bPP|\binput )(?<n>\d{1,7})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PromptPattern();

    [GeneratedRegex(@"(\btg|\bTG)(?<n>\d{1,7})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex GeneratedPattern();

    [GeneratedRegex(@"@d(?<n>\d{1,7})", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DepthPattern();

    [GeneratedRegex(@"(\bbatch |\bconcurrency |\bB)(?<n>\d{1,6})\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ConcurrencyPattern();
}
