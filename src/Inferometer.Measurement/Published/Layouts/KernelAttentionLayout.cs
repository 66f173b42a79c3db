namespace Inferometer.Measurement.Published.Layouts;

/// <summary>Attention kernels of serving frameworks: <c>kernels_attention.csv</c>.</summary>
internal sealed class KernelAttentionLayout() : OperatorLayout(
    "kernels of attention (kernels_attention.csv)",
    ["gpu", "framework", "version", "phase", "batch", "seq", "num_heads", "num_kv_heads", "head_dim", "window", "dtype", "kv_dtype", "us"])
{
    /// <inheritdoc/>
    protected override OperatorMeasurement Row(CsvTable table)
    {
        OperatorClass @class = table.Text("phase") switch
        {
            "prefill" => OperatorClass.PrefillAttention,
            "decode" => OperatorClass.DecodeAttention,
            "mla_prefill" => OperatorClass.LatentPrefillAttention,
            "mla_decode" => OperatorClass.LatentDecodeAttention,
            _ => throw table.Wrong("phase", "prefill, decode, mla_prefill or mla_decode"),
        };
        bool prompt = @class is OperatorClass.PrefillAttention or OperatorClass.LatentPrefillAttention;
        int sequence = table.RequiredCount("seq");
        return Of(
            table, table.Text("phase"), @class, table.Required("gpu"), table.RequiredPositive("us"),
            [
                ("batch", table.RequiredCount("batch")), ("tokens", prompt ? sequence : 1), ("context", sequence),
                .. Sizes(table, ("num_heads", "heads"), ("num_kv_heads", "kv_heads"), ("head_dim", "head_dim"), ("window", "window")),
            ]);
    }
}
