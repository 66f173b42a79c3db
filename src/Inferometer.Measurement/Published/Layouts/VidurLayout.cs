namespace Inferometer.Measurement.Published.Layouts;

/// <summary>Operators timed for the simulator Vidur: <c>vidur_ops.csv</c>, milliseconds.</summary>
internal sealed class VidurLayout() : OperatorLayout(
    "Vidur's operators (vidur_ops.csv)",
    ["gpu", "model", "op", "tp", "tokens", "hidden", "inter", "n_head", "n_kv_head", "bytes", "n_gpu", "ms"])
{
    private const double MicrosecondsPerMillisecond = 1000;

    /// <inheritdoc/>
    protected override OperatorMeasurement Row(CsvTable table)
    {
        string op = table.Required("op");
        OperatorClass @class = op switch
        {
            "attn_pre_proj" or "attn_post_proj" or "mlp_up_proj" or "mlp_down_proj" => OperatorClass.MatrixProduct,
            "input_layernorm" or "post_attention_layernorm" => OperatorClass.Norm,
            "mlp_act" => OperatorClass.Activation,
            "attn_rope" => OperatorClass.Rotary,
            "emb" => OperatorClass.Embedding,
            "all_reduce" => OperatorClass.AllReduce,
            "send_recv" => OperatorClass.OtherCollective,
            _ => OperatorClass.Other,
        };
        return Of(
            table, op, @class, table.Required("gpu"), MicrosecondsPerMillisecond * table.RequiredPositive("ms"),
            Sizes(
                table, ("tp", "tp"), ("tokens", "tokens"), ("hidden", "hidden"), ("inter", "intermediate"), ("n_head", "heads"),
                ("n_kv_head", "kv_heads"), ("bytes", "bytes"), ("n_gpu", "devices")));
    }
}
