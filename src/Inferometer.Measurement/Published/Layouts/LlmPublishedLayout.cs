using System.Globalization;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>Published throughput and latency: <c>llm_published.csv</c>.</summary>
internal sealed class LlmPublishedLayout() : MeasurementLayout(
    "published throughput (llm_published.csv)",
    ["source", "framework", "hardware", "n_gpu", "model", "precision", "isl", "osl", "concurrency", "metric", "value"],
    "framework_version", "tp", "pp", "attn_dp", "unit", "note")
{
    private const string LayerSplit = "layer split";

    /// <inheritdoc/>
    public override PublishedTable Read(CsvTable table, string path)
    {
        List<ThroughputMeasurement> rows = [];
        List<SkippedRow> skipped = [];
        while (table.Read())
        {
            if (table.Count("n_gpu") is null)
            {
                skipped.Add(new SkippedRow(table.Line, "the number of devices is not said"));
                continue;
            }

            int tensor = table.Count("tp") ?? 1;
            int attentionData = table.Count("attn_dp") ?? 1;
            rows.Add(new ThroughputMeasurement
            {
                Id = IdOf(table),
                Table = table.Name,
                Line = table.Line,
                Source = table.Required("source"),
                System = table.Required("hardware"),
                Engine = new EnginePool
                {
                    Tensor = tensor,
                    Pipeline = table.Count("pp") ?? 1,
                    AttentionData = attentionData,
                    Expert = attentionData > 1 ? tensor * attentionData : 1,
                },
                IsLayerSplit = table.Text("note").StartsWith(LayerSplit, StringComparison.Ordinal),
                Model = table.Required("model"),
                Framework = table.Text("framework"),
                Version = table.Text("framework_version"),
                Precision = table.Required("precision"),
                InputTokens = table.Count("isl"),
                OutputTokens = table.Count("osl"),
                Concurrency = Concurrency(table),
                Metric = Metric(table),
                Value = table.RequiredPositive("value"),
                Note = table.Text("note"),
            });
        }

        return new PublishedTable { Path = path, Layout = Name, Throughput = rows, Skipped = skipped };
    }

    // 'max' is everything queued at once; a table that does not say ran saturated too.
    private static int? Concurrency(CsvTable table) => table.Text("concurrency") switch
    {
        "max" or "" => null,
        var text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value
            : throw table.Wrong("concurrency", "a whole number of at least 1, or max"),
    };

    private static ThroughputMetric Metric(CsvTable table) => table.Text("metric") switch
    {
        "prefill_tok_s" => ThroughputMetric.PrefillTokensPerSecond,
        "decode_tok_s" => ThroughputMetric.DecodeTokensPerSecond,
        "prefill_tok_s_per_gpu" => ThroughputMetric.PrefillTokensPerSecondPerDevice,
        "decode_tok_s_per_gpu" => ThroughputMetric.DecodeTokensPerSecondPerDevice,
        "output_tok_s" or "total_output_tok_s" => ThroughputMetric.OutputTokensPerSecond,
        "output_tok_s_per_gpu" => ThroughputMetric.OutputTokensPerSecondPerDevice,
        "mean_ttft_ms" => ThroughputMetric.TtftMs,
        "mean_tpot_ms" => ThroughputMetric.TpotMs,
        _ => throw table.Wrong(
            "metric",
            "prefill_tok_s, decode_tok_s, output_tok_s, total_output_tok_s, one of these per GPU, mean_ttft_ms or mean_tpot_ms"),
    };
}
