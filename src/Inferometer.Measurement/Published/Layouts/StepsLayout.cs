namespace Inferometer.Measurement.Published.Layouts;

/// <summary>
/// Decoder steps and probes of one device, of PyTorch or of another <c>framework</c> that its column names: <c>steps.csv</c>.
/// </summary>
internal sealed class StepsLayout() : OperatorLayout(
    "decoder steps (gpu/steps.csv)", ["device", "kind", "model", "dtype", "batch", "tokens", "context", "us"], "extra", "framework")
{
    private const string Usual = "pytorch";

    /// <inheritdoc/>
    protected override OperatorMeasurement Row(CsvTable table)
    {
        string kind = table.Required("kind");
        OperatorClass @class = kind switch
        {
            "prefill_step" => OperatorClass.PrefillStep,
            "decode_step" => OperatorClass.DecodeStep,
            "copy" or "read" or "launch_in_graph" or "launch_and_sync_host" => OperatorClass.Probe,
            _ => throw table.Wrong("kind", "prefill_step, decode_step, copy, read, launch_in_graph or launch_and_sync_host"),
        };
        IEnumerable<(string, double)> shape = @class == OperatorClass.Probe
            ? Sizes(table, ("context", "megabytes"), ("tokens", "megabytes_of_tokens"))
            :
            [
                ("batch", table.RequiredCount("batch")), ("tokens", table.RequiredCount("tokens")),
                ("context", table.RequiredCount("context")),
            ];
        OperatorMeasurement row = Of(table, kind, @class, table.Required("device"), table.RequiredPositive("us"), shape);
        return row.Framework.Length > 0 ? row : row with { Framework = Usual };
    }
}
