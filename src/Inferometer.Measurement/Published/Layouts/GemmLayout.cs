namespace Inferometer.Measurement.Published.Layouts;

/// <summary>Matrix products of one device: <c>gemm.csv</c> of the GPU measurements.</summary>
internal sealed class GemmLayout() : OperatorLayout(
    "matrix products (gpu/gemm.csv)", ["device", "dtype", "tokens", "n", "k", "us"], "extra")
{
    /// <inheritdoc/>
    protected override OperatorMeasurement Row(CsvTable table) => Of(
        table, "gemm", OperatorClass.MatrixProduct, table.Required("device"), table.RequiredPositive("us"),
        ("tokens", table.RequiredCount("tokens")), ("n", table.RequiredCount("n")), ("k", table.RequiredCount("k")));
}
