using System.Globalization;
using System.Text.Json;

namespace Inferometer.Simulation.Compatibility.Golden;

/// <summary>Pairs the recorded fields with ours.</summary>
internal static class GoldenFields
{
    public static void Compare(CompatibilityResult result, JsonElement outputs, JsonElement? operators, FieldComparison comparison)
    {
        comparison.Number(outputs, "latency_ms", result.LatencyMs);
        comparison.Number(outputs, "throughput", result.Throughput);
        comparison.Number(outputs, "tokens_per_s", result.TokensPerSecond);
        comparison.Flag(outputs, "is_offload", result.IsOffloaded);
        comparison.Number(outputs, "n_ops_template", result.TemplateOperatorCount);
        comparison.Number(outputs, "n_ops_expanded", result.ExpandedOperatorCount);
        comparison.Number(outputs, "tokens_generated", result.TokensPerRound ?? double.NaN);
        CompareTotals(result.Totals, outputs, comparison);
        if (outputs.TryGetProperty("runtime_breakdown_ms", out JsonElement breakdown) && breakdown.ValueKind == JsonValueKind.Object)
        {
            CompareBreakdown(result.Breakdown, breakdown, comparison);
        }

        if (outputs.TryGetProperty("capacity_check", out JsonElement capacity) && capacity.ValueKind == JsonValueKind.Object
            && result.Capacity is { } ours)
        {
            comparison.Number(capacity, "weights_mib", ours.WeightsMib);
            comparison.Number(capacity, "kv_cache_mib", ours.KvCacheMib);
            comparison.Number(capacity, "unused_weights_mib", ours.UnusedWeightsMib);
            comparison.Number(capacity, "required_mib_before_division", ours.RequiredMib);
            comparison.Number(capacity, "divisor", ours.Divisor);
            comparison.Number(capacity, "required_mib_per_device", ours.RequiredMibPerDevice);
        }

        if (operators is { } rows)
        {
            CompareOperators(result.Operators, rows, comparison);
        }
    }

    public static void Compare(CompatibilityMemoryReport report, JsonElement outputs, FieldComparison comparison)
    {
        comparison.Number(outputs, "weights_bytes", report.WeightsBytes);
        comparison.Number(outputs, "kv_cache_bytes", report.KvCacheBytes);
        comparison.Number(outputs, "activation_bytes", report.ActivationBytes);
        comparison.Number(outputs, "lora_bytes", report.LoraBytes);
        comparison.Number(outputs, "overhead_bytes", report.OverheadBytes);
        comparison.Number(outputs, "total_bytes", report.TotalBytes);
        comparison.Number(outputs, "recommended_gpu_gb", report.RecommendedDeviceGB);
        comparison.Flag(outputs, "fits_24gb", report.Fits24GB);
        comparison.Flag(outputs, "fits_80gb", report.Fits80GB);
    }

    private static void CompareTotals(CompatibilityTotals totals, JsonElement outputs, FieldComparison comparison)
    {
        comparison.Number(outputs, "mflop_total", totals.MegaFlops);
        comparison.Number(outputs, "data_mib_total", totals.DataMib);
        comparison.Number(outputs, "weights_mib", totals.WeightsMib);
        comparison.Number(outputs, "unused_weights_mib", totals.UnusedWeightsMib);
        comparison.Number(outputs, "kv_cache_mib", totals.KvCacheMib);
        comparison.Number(outputs, "largest_op_footprint_mib", totals.LargestOperatorMib);
        comparison.Number(outputs, "latency_sum_ms", totals.LatencySumMs);
        comparison.Number(outputs, "attn_ms", totals.AttentionMs);
        comparison.Number(outputs, "linear_ms", totals.LinearMs);
        comparison.Number(outputs, "comm_ms", totals.CommunicationMs);
    }

    private static void CompareBreakdown(CompatibilityBreakdown ours, JsonElement breakdown, FieldComparison comparison)
    {
        comparison.Number(breakdown, "Embedding", ours.EmbeddingMs);
        comparison.Number(breakdown, "MHA", ours.AttentionMs);
        comparison.Number(breakdown, "FFN", ours.FeedForwardMs);
        comparison.Number(breakdown, "Collective", ours.CollectiveMs);
        comparison.Number(breakdown, "LA_layers", ours.ScoreAndValueMs);
        comparison.Number(breakdown, "QKVO_layers", ours.ProjectionMs);
        comparison.Number(breakdown, "FFN_layers", ours.FeedForwardProductMs);
        comparison.Number(breakdown, "AR_time", ours.AllReduceMs);
        comparison.Number(breakdown, "A2A_time", ours.AllToAllMs);
        comparison.Number(breakdown, "Send_Recv_time", ours.SendMs);
    }

    private static void CompareOperators(IReadOnlyList<CompatibilityOperator> ours, JsonElement rows, FieldComparison comparison)
    {
        comparison.Exact("operator rows", Format(rows.GetArrayLength()), Format(ours.Count));
        foreach ((CompatibilityOperator mine, JsonElement row) in ours.Zip(rows.EnumerateArray()))
        {
            comparison.Exact("operator name", row.GetProperty("name").GetString()!, mine.Name);
            comparison.Exact(mine.Name + " count", Format(row.GetProperty("count").GetInt32()), Format(mine.Count));
            comparison.Exact(
                mine.Name + " shapes", Flatten(row.GetProperty("shapes")), string.Join(',', mine.Shapes.SelectMany(s => s).Select(Format)));
            comparison.Exact(mine.Name + " bound", row.GetProperty("bound").GetString()!, mine.Bound.ToString());
            comparison.Number(row, "mflop", mine.MegaFlops);
            comparison.Number(row, "a_mib", mine.InputMib);
            comparison.Number(row, "w_mib", mine.WeightMib);
            comparison.Number(row, "o_mib", mine.OutputMib);
            comparison.Number(row, "compute_ms", mine.ComputeMs);
            comparison.Number(row, "memory_ms", mine.MemoryMs);
            comparison.Number(row, "comm_ms", mine.CommunicationMs);
            comparison.Number(row, "latency_ms", mine.LatencyMs);
        }
    }

    /// <summary>Shapes are a list of lists, of messages one list.</summary>
    private static string Flatten(JsonElement shapes) => string.Join(',', shapes.EnumerateArray().SelectMany(e =>
        e.ValueKind == JsonValueKind.Array ? e.EnumerateArray().Select(d => Format(d.GetInt64())) : [Format(e.GetInt64())]));

    private static string Format(long value) => value.ToString(CultureInfo.InvariantCulture);
}
