namespace Inferometer.Cpu.Execution;

/// <summary>The projections of an attention layer, decoded to floats; row after row, a row per output.</summary>
/// <param name="Query">[heads x head width, hidden].</param>
/// <param name="Key">[KV heads x head width, hidden].</param>
/// <param name="Value">[KV heads x value width, hidden].</param>
/// <param name="Output">[hidden, heads x value width].</param>
public sealed record AttentionMatrices(float[] Query, float[] Key, float[] Value, float[] Output);
