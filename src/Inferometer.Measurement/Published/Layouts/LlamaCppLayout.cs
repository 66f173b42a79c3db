using System.Globalization;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>
/// Rates of llama.cpp, or of another <c>framework</c> that its column names: <c>llama_cpp.csv</c>. Tests: <c>pp</c> reads a prompt,
/// <c>tg</c> generates one sequence, <c>bd</c> generates a batch of them.
/// </summary>
internal sealed class LlamaCppLayout() : MeasurementLayout(
    "llama.cpp tests (gpu/llama_cpp.csv)",
    ["device", "model", "type", "test", "size", "sequences", "depth", "tokens_per_s"], "best", "worst", "framework")
{
    /// <inheritdoc/>
    public override PublishedTable Read(CsvTable table, string path)
    {
        List<ThroughputMeasurement> rows = [];
        while (table.Read())
        {
            bool prompt = table.Text("test") switch
            {
                "pp" => true,
                "tg" or "bd" => false,
                _ => throw table.Wrong("test", "pp, tg or bd"),
            };
            int size = table.RequiredCount("size");
            rows.Add(new ThroughputMeasurement
            {
                Id = IdOf(table),
                Table = table.Name,
                Line = table.Line,
                System = table.Required("device"),
                Model = table.Required("model"),
                Framework = table.Text("framework") is { Length: > 0 } named ? named : "llama.cpp",
                Precision = table.Required("type"),
                InputTokens = prompt ? size : null,
                OutputTokens = prompt ? null : size,
                DepthTokens = Depth(table),
                Concurrency = table.RequiredCount("sequences"),
                IsOfBatches = table.Text("test") is "bd",
                Metric = prompt ? ThroughputMetric.PrefillTokensPerSecond : ThroughputMetric.DecodeTokensPerSecond,
                Value = table.RequiredPositive("tokens_per_s"),
                Note = table.Text("test"),
            });
        }

        return new PublishedTable { Path = path, Layout = Name, Throughput = rows };
    }

    private static int Depth(CsvTable table) =>
        int.TryParse(table.Text("depth"), NumberStyles.None, CultureInfo.InvariantCulture, out int depth)
            ? depth
            : throw table.Wrong("depth", "a whole number from 0");
}
