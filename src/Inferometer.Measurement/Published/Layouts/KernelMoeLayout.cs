namespace Inferometer.Measurement.Published.Layouts;

/// <summary>
/// Kernels of routed experts of serving frameworks: <c>kernels_moe.csv</c>; sizes before <c>moe_tp</c> and <c>moe_ep</c>.
/// </summary>
internal sealed class KernelMoeLayout() : OperatorLayout(
    "kernels of experts (kernels_moe.csv)",
    [
        "gpu", "framework", "version", "dtype", "num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp", "moe_ep",
        "distribution", "us",
    ])
{
    /// <inheritdoc/>
    protected override OperatorMeasurement Row(CsvTable table) => Of(
        table, "moe", OperatorClass.Experts, table.Required("gpu"), table.RequiredPositive("us"),
        Sizes(
            table, ("num_tokens", "tokens"), ("hidden_size", "hidden"), ("inter_size", "intermediate"), ("topk", "top_k"),
            ("num_experts", "experts"), ("moe_tp", "moe_tp"), ("moe_ep", "moe_ep"))) with
    {
        Note = table.Text("distribution"),
    };
}
