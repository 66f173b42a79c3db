using System.Globalization;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>
/// Kernels timed for the simulator InferSim: <c>infersim_kernels.csv</c>, the dimensions of attention in a column of their own.
/// </summary>
internal sealed class InferSimLayout() : OperatorLayout(
    "InferSim's kernels (infersim_kernels.csv)", ["gpu", "op", "part", "dims", "shape", "us"])
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["m"] = "tokens",
        ["batch_size"] = "batch",
        ["batchsize"] = "batch",
        ["kv_len"] = "context",
        ["seq_len"] = "tokens",
        ["hidden_size"] = "hidden",
        ["intermediate_size"] = "intermediate",
        ["topk"] = "top_k",
        ["num_experts"] = "experts",
        ["num_gpus"] = "moe_ep",
        ["num_local_experts"] = "local_experts",
        ["batch_size_per_gpu"] = "tokens",
        ["seq_len_per_gpu"] = "tokens",
    };

    /// <inheritdoc/>
    protected override OperatorMeasurement Row(CsvTable table)
    {
        string op = table.Required("op"), part = table.Text("part");
        OperatorClass @class = op switch
        {
            "gemm" => OperatorClass.MatrixProduct,
            "grouped_gemm_decode" or "grouped_gemm_prefill" => OperatorClass.Experts,
            "mha_decode" => OperatorClass.DecodeAttention,
            "mha_prefill" => OperatorClass.PrefillAttention,
            "mla_decode" => OperatorClass.LatentDecodeAttention,
            "mla_prefill" => OperatorClass.LatentPrefillAttention,
            "dsa_decode" or "dsa_prefill" or "gdn_decode" or "gdn_prefill" => OperatorClass.OtherAttention,
            _ => OperatorClass.Other,
        };
        PairedShape shape = new(table, "shape", Names);
        string kind = part.Length > 0 ? $"{op}.{part}" : op;
        return Of(
            table, kind, @class, table.Required("gpu"), table.RequiredPositive("us"),
            [.. shape.Sizes, .. Dimensions(table, @class)]) with
        {
            // Products of this table are DeepGEMM's, block-scaled fp8.
            DataType = shape.Text("dtype") is { Length: > 0 } type ? type
                : @class is OperatorClass.MatrixProduct or OperatorClass.Experts ? "fp8" : "",
            KvDataType = shape.Text("kv_dtype"),
        };
    }

    private static IEnumerable<(string, double)> Dimensions(CsvTable table, OperatorClass @class)
    {
        string text = table.Text("dims");
        string[] names = @class switch
        {
            OperatorClass.DecodeAttention or OperatorClass.PrefillAttention => ["heads", "kv_heads", "head_dim"],
            OperatorClass.LatentDecodeAttention => ["heads", "kv_rank", "rope_dim"],
            OperatorClass.LatentPrefillAttention => ["heads", "nope_dim", "rope_dim"],
            _ => [],
        };
        if (names.Length == 0)
        {
            return [];
        }

        string[] parts = text.Split('-');
        return parts.Length == names.Length && parts.All(p => int.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? names.Zip(parts, (name, part) => (name, (double)int.Parse(part, NumberStyles.None, CultureInfo.InvariantCulture)))
            : throw table.Wrong("dims", $"three whole numbers, {string.Join('-', names)}");
    }
}
