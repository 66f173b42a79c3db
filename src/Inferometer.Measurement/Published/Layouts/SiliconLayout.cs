namespace Inferometer.Measurement.Published.Layouts;

/// <summary>
/// Serving configurations with their TTFT and TPOT: <c>silicon.csv</c>, and a user's own rows, for which the six columns that say what ran
/// and the two that say how fast are enough.
/// </summary>
internal sealed class SiliconLayout() : MeasurementLayout(
    "serving configurations (silicon.csv)",
    ["model", "system", "precision", "isl", "osl", "concurrency"],
    "id", "origin", "dump", "framework", "version", "image_tag", "measured", "family", "gemm_quant", "moe_quant", "mode", "n_gpu", "tp",
    "attn_dp", "moe_tp", "moe_ep", "prefill_workers", "prefill_tp", "prefill_attn_dp", "prefill_moe_tp", "prefill_moe_ep", "prefill_batch",
    "decode_workers", "decode_tp", "decode_attn_dp", "decode_moe_tp", "decode_moe_ep", "decode_batch", "ttft_ms", "tpot_ms", "e2e_ms",
    "kv_precision", "flag", "dup")
{
    // InferenceX draws lengths uniformly from 80-100 % of the nominal ones; others state what they ran.
    private const double InferenceXSpread = 0.2;

    /// <inheritdoc/>
    public override PublishedTable Read(CsvTable table, string path)
    {
        List<ServingMeasurement> rows = [];
        while (table.Read())
        {
            rows.Add(Row(table));
        }

        return new PublishedTable { Path = path, Layout = Name, Serving = rows };
    }

    private static ServingMeasurement Row(CsvTable table)
    {
        bool separate = table.Text("mode") switch
        {
            "" or "agg" => false,
            "disagg" => true,
            _ => throw table.Wrong("mode", "agg, disagg or empty"),
        };
        ServingMeasurement row = new()
        {
            Id = table.Text("id") is { Length: > 0 } id ? id : IdOf(table),
            Table = table.Name,
            Line = table.Line,
            Source = table.Text("origin"),
            Model = table.Required("model"),
            System = table.Required("system"),
            Framework = table.Text("framework"),
            Version = table.Text("version"),
            Precision = table.Required("precision"),
            KvPrecision = table.Text("kv_precision"),
            NominalInputTokens = table.RequiredCount("isl"),
            NominalOutputTokens = table.RequiredCount("osl"),
            LengthSpread = table.Text("origin") is "inferencex" ? InferenceXSpread : 0,
            Concurrency = Concurrency(table, separate),
            Engine = separate ? Pool(table, "decode_") : Pool(table, ""),
            PrefillEngine = separate ? Pool(table, "prefill_") : null,
            TtftMs = table.Positive("ttft_ms"),
            TpotMs = table.Positive("tpot_ms"),
            Flag = table.Text("flag"),
            IsDuplicate = table.Text("dup") switch
            {
                "" or "0" => false,
                "1" => true,
                _ => throw table.Wrong("dup", "0, 1 or empty"),
            },
        };
        if (row.Flag.Length == 0)
        {
            CheckDevices(table, row, separate);
            CheckTimes(table, row);
        }

        return row;
    }

    private static EnginePool Pool(CsvTable table, string prefix) => new()
    {
        Workers = Degree(table, prefix + "workers") ?? 1,
        Tensor = Degree(table, prefix + "tp") ?? 1,
        AttentionData = Degree(table, prefix + "attn_dp") ?? 1,
        ExpertTensor = Degree(table, prefix + "moe_tp") ?? 1,
        Expert = Degree(table, prefix + "moe_ep") ?? 1,
        Batch = Degree(table, prefix + "batch"),
    };

    // Some rows write 0 for a kind of parallelism that was not used.
    private static int? Degree(CsvTable table, string column) => table.Text(column) is "0" ? null : table.Count(column);

    // Separate workers may be described by the batch of each instead. Flagged rows may lack both; that is what some of the flags say.
    private static int Concurrency(CsvTable table, bool separate) =>
        table.Count("concurrency")
            ?? (separate ? Degree(table, "decode_workers") * Degree(table, "decode_batch") : null)
            ?? (table.Text("flag").Length > 0 ? 0 : throw table.Wrong("concurrency", "a whole number of at least 1"));

    private static void CheckDevices(CsvTable table, ServingMeasurement row, bool separate)
    {
        if (!separate && table.Count("n_gpu") is { } devices && devices != row.Engine.Devices)
        {
            throw table.Wrong("n_gpu", FormattableString.Invariant($"tp x attn_dp = {row.Engine.Devices}"));
        }
    }

    private static void CheckTimes(CsvTable table, ServingMeasurement row)
    {
        if (table.Positive("e2e_ms") is not { } whole)
        {
            return;
        }

        if (row.TtftMs > whole)
        {
            throw table.Wrong("ttft_ms", FormattableString.Invariant($"at most the {whole} ms of e2e_ms"));
        }

        if (row.TpotMs > whole)
        {
            throw table.Wrong("tpot_ms", FormattableString.Invariant($"at most the {whole} ms of e2e_ms"));
        }
    }
}
