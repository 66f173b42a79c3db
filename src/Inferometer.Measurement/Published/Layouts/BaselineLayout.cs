namespace Inferometer.Measurement.Published.Layouts;

/// <summary>
/// Predictions of another tool for rows of serving measurements: <c>baseline_aiconfigurator.csv</c>, or any table of <c>id</c>,
/// <c>ttft_ms</c> and <c>tpot_ms</c>.
/// </summary>
internal sealed class BaselineLayout() : MeasurementLayout(
    "predictions of another tool",
    ["id"],
    "ttft_ms", "tpot_ms", "rests_on", "aic_as_published_ttft_ms", "aic_as_published_tpot_ms", Prefix + "ttft_ms", Prefix + "tpot_ms",
    Prefix + "mode")
{
    private const string Prefix = "aic_repaired_";

    /// <inheritdoc/>
    public override PublishedTable Read(CsvTable table, string path)
    {
        string prefix = table.Columns.Contains(Prefix + "tpot_ms", StringComparer.Ordinal) ? Prefix : "";
        string basis = prefix.Length > 0 ? Prefix + "mode" : "rests_on";
        List<BaselinePrediction> rows = [];
        while (table.Read())
        {
            rows.Add(new BaselinePrediction
            {
                Id = table.Required("id"),
                TtftMs = table.Positive(prefix + "ttft_ms"),
                TpotMs = table.Positive(prefix + "tpot_ms"),
                RestsOn = table.Text(basis),
            });
        }

        return new PublishedTable { Path = path, Layout = Name, Baseline = rows };
    }
}
