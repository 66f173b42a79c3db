using System.Globalization;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>Attention of one device: <c>attention.csv</c> of the GPU measurements, heads written as <c>q32 kv8 d128</c>.</summary>
internal sealed class AttentionLayout() : OperatorLayout(
    "attention (gpu/attention.csv)", ["device", "kind", "heads", "dtype", "batch", "tokens", "context", "us"], "extra")
{
    /// <inheritdoc/>
    protected override OperatorMeasurement Row(CsvTable table)
    {
        OperatorClass @class = table.Text("kind") switch
        {
            "attn_prefill" => OperatorClass.PrefillAttention,
            "attn_decode" => OperatorClass.DecodeAttention,
            _ => throw table.Wrong("kind", "attn_prefill or attn_decode"),
        };
        int[] heads = Heads(table);
        return Of(
            table, table.Text("kind"), @class, table.Required("device"), table.RequiredPositive("us"),
            ("batch", table.RequiredCount("batch")), ("tokens", table.RequiredCount("tokens")), ("context", table.RequiredCount("context")),
            ("heads", heads[0]), ("kv_heads", heads[1]), ("head_dim", heads[2]));
    }

    private static int[] Heads(CsvTable table)
    {
        string[] parts = table.Text("heads").Split(' ');
        string[] marks = ["q", "kv", "d"];
        int[] counts = new int[marks.Length];
        for (int i = 0; i < marks.Length; i++)
        {
            if (parts.Length != marks.Length || !parts[i].StartsWith(marks[i], StringComparison.Ordinal)
                || !int.TryParse(parts[i].AsSpan(marks[i].Length), NumberStyles.None, CultureInfo.InvariantCulture, out counts[i])
                || counts[i] < 1)
            {
                throw table.Wrong("heads", "written as q32 kv8 d128");
            }
        }

        return counts;
    }
}
