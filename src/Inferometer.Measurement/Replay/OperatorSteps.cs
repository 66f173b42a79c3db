using Inferometer.Measurement.Published;
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

    /// <summary>The step.</summary>
    public static StepBatch Of(OperatorMeasurement row)
    {
        OperatorShape s = row.Shape;
        int batch = s.Whole("batch", 1), tokens = s.Whole("tokens", 1);
        return row.Class switch
        {
            OperatorClass.PrefillStep or OperatorClass.PrefillAttention or OperatorClass.LatentPrefillAttention =>
                Reading(new PrefillChunk(0, tokens, batch)),

            // A step adds its own token to the cache.
            OperatorClass.DecodeStep => Decoding(new DecodeGroup(s.Whole("context") + 1, batch)),
            OperatorClass.DecodeAttention or OperatorClass.LatentDecodeAttention =>
                Decoding(new DecodeGroup(s.Whole("context", 1), batch)),
            OperatorClass.MixedAttention => Mixed(s),
            OperatorClass.AllReduce => Reading(
                new PrefillChunk(0, (int)Math.Max(1, s["bytes"]!.Value / MessageBytesPerElement / StreamWidth(row)))),
            OperatorClass.Experts => Reading(new PrefillChunk(0, TokensOfExperts(s))),

            // Every sequence of a decode step needs logits.
            OperatorClass.MatrixProduct when row.Kind is "lm_head" => Decoding(new DecodeGroup(2, tokens)),
            _ => Reading(new PrefillChunk(0, tokens)),
        };
    }

    private static StepBatch Mixed(OperatorShape s)
    {
        int chunk = s.Whole("prefill_chunk", s.Whole("tokens")), decoding = s.Whole("n_decode");
        PrefillChunk[] prefill = chunk > 0 ? [new PrefillChunk(s.Whole("kv_prefill"), chunk)] : [];
        DecodeGroup[] decode = decoding > 0 ? [new DecodeGroup(Math.Max(1, s.Whole("kv_decode")), decoding)] : [];
        return new StepBatch { Prefill = [.. prefill], Decode = [.. decode] };
    }

    private static StepBatch Reading(PrefillChunk chunk) => new() { Prefill = [chunk] };

    private static StepBatch Decoding(DecodeGroup group) => new() { Decode = [group] };

    // Some tables count the tokens of one device, where each holds its share of the experts.
    private static int TokensOfExperts(OperatorShape s) =>
        s["local_experts"] is null ? s.Whole("tokens", 1) : s.Whole("tokens", 1) * s.Whole("moe_ep", 1);
}
