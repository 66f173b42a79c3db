namespace Inferometer.Inference.Engine;

/// <summary>The most an engine held so far, each part counted where it is held.</summary>
/// <param name="WeightBytes">Weights, repacked or mapped.</param>
/// <param name="KvBytes">Keys and values in blocks that sequences used at the same time; a shared block counts once. Not the size of the
/// pool, which is taken in advance.</param>
/// <param name="ActivationBytes">Intermediate rows of the largest step.</param>
/// <param name="AttentionScratchBytes">Scores, prepared queries and accumulators of all workers.</param>
/// <param name="LogitBytes">Logits of the largest step.</param>
public sealed record EngineMemory(long WeightBytes, long KvBytes, long ActivationBytes, long AttentionScratchBytes, long LogitBytes)
{
    /// <summary>What a step works in: rows, attention's scratch and logits.</summary>
    public long WorkBytes => ActivationBytes + AttentionScratchBytes + LogitBytes;
}
