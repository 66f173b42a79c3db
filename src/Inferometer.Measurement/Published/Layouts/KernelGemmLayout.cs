namespace Inferometer.Measurement.Published.Layouts;

/// <summary>Matrix products of serving frameworks: <c>kernels_gemm.csv</c>.</summary>
internal sealed class KernelGemmLayout() : OperatorLayout(
    "kernels of matrix products (kernels_gemm.csv)", ["gpu", "framework", "version", "dtype", "m", "n", "k", "us"])
{
    /// <inheritdoc/>
    protected override OperatorMeasurement Row(CsvTable table) => Of(
        table, "gemm", OperatorClass.MatrixProduct, table.Required("gpu"), table.RequiredPositive("us"),
        ("tokens", table.RequiredCount("m")), ("n", table.RequiredCount("n")), ("k", table.RequiredCount("k")));
}
