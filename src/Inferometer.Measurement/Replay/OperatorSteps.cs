using Inferometer.Measurement.Published;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Replay;

/// <summary>The step in which an operator has the sizes of a measurement.</summary>
internal static class OperatorSteps
{
    // Widest stream that messages are cut from; longer messages are of more tokens.
    private const int WidestStream = 8192;
    private const int MessageBytesPerElement = 2;

    /// <summary>Width of a stream whose all-reduce has the bytes of a measurement.</summary>
    public static int StreamWidth(OperatorMeasurement row) =>
        (int)Math.Clamp(row.Shape["bytes"]!.Value / MessageBytesPerElement, 1, WidestStream);

    /// <summary>Prices the step.</summary>
    /// <param name="row">The measurement.</param>
    /// <param name="plan">The network that holds the operator.</param>
    /// <param name="rows">Where to add the operators.</param>
    public static PhaseTotals Price(OperatorMeasurement row, ICostPlan plan, List<OperatorRow> rows)
    {
        OperatorShape s = row.Shape;
        int batch = s.Whole("batch", 1), tokens = s.Whole("tokens", 1);
        return row.Class switch
        {
            OperatorClass.PrefillStep or OperatorClass.PrefillAttention or OperatorClass.LatentPrefillAttention =>
                plan.Step([new PrefillChunk(0, tokens, batch)], [], rows),

            // A step adds its own token to the cache.
            OperatorClass.DecodeStep => plan.Step([], [new DecodeGroup(s.Whole("context") + 1, batch)], rows),
            OperatorClass.DecodeAttention or OperatorClass.LatentDecodeAttention =>
                plan.Step([], [new DecodeGroup(s.Whole("context", 1), batch)], rows),
            OperatorClass.MixedAttention => Mixed(s, plan, rows),
            OperatorClass.AllReduce => plan.Step(
                [new PrefillChunk(0, (int)Math.Max(1, s["bytes"]!.Value / MessageBytesPerElement / StreamWidth(row)))], [], rows),
            OperatorClass.Experts => plan.Step([new PrefillChunk(0, TokensOfExperts(s))], [], rows),

            // Every sequence of a decode step needs logits.
            OperatorClass.MatrixProduct when row.Kind is "lm_head" => plan.Step([], [new DecodeGroup(2, tokens)], rows),
            _ => plan.Step([new PrefillChunk(0, tokens)], [], rows),
        };
    }

    private static PhaseTotals Mixed(OperatorShape s, ICostPlan plan, List<OperatorRow> rows)
    {
        int chunk = s.Whole("prefill_chunk", s.Whole("tokens")), decoding = s.Whole("n_decode");
        PrefillChunk[] prefill = chunk > 0 ? [new PrefillChunk(s.Whole("kv_prefill"), chunk)] : [];
        DecodeGroup[] decode = decoding > 0 ? [new DecodeGroup(Math.Max(1, s.Whole("kv_decode")), decoding)] : [];
        return plan.Step(prefill, decode, rows);
    }

    // Some tables count the tokens of one device, where each holds its share of the experts.
    private static int TokensOfExperts(OperatorShape s) =>
        s["local_experts"] is null ? s.Whole("tokens", 1) : s.Whole("tokens", 1) * s.Whole("moe_ep", 1);
}
