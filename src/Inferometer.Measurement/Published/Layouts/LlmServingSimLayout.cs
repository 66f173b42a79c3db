namespace Inferometer.Measurement.Published.Layouts;

/// <summary>Operators timed for the simulator LLMServingSim: <c>llmservingsim_ops.csv</c>.</summary>
internal sealed class LlmServingSimLayout() : OperatorLayout(
    "LLMServingSim's operators (llmservingsim_ops.csv)", ["gpu", "model", "tp", "op", "shape", "us"])
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal) { ["sequences"] = "tokens" };

    /// <inheritdoc/>
    protected override OperatorMeasurement Row(CsvTable table)
    {
        string op = table.Required("op");
        OperatorClass @class = op switch
        {
            "qkv_proj" or "q_proj" or "k_proj" or "v_proj" or "o_proj" or "gate_up_proj" or "gate_proj" or "up_proj" or "down_proj"
                or "lm_head" or "gate" => OperatorClass.MatrixProduct,
            "attention" or "attn" => OperatorClass.MixedAttention,
            "layernorm" or "input_layernorm" or "post_layernorm" or "final_layernorm" or "qk_norm" => OperatorClass.Norm,
            "act_fn" => OperatorClass.Activation,
            "embedding" => OperatorClass.Embedding,
            "rotary_emb" or "rope" => OperatorClass.Rotary,
            "moe" or "expert.w1" or "expert.w2" or "expert.w3" => OperatorClass.Experts,
            _ => OperatorClass.Other,
        };
        PairedShape shape = new(table, "shape", Names);
        return Of(
            table, op, @class, table.Required("gpu"), table.RequiredPositive("us"), [("tp", table.RequiredCount("tp")), .. shape.Sizes]);
    }
}
