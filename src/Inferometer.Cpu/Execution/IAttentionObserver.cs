namespace Inferometer.Cpu.Execution;

/// <summary>Sees what attention works on while steps run: what calibration of cache compression collects its statistics from.</summary>
public interface IAttentionObserver
{
    /// <summary>Called once per layer and step, from the thread that runs the step, before attention.</summary>
    /// <param name="layer">Layer.</param>
    /// <param name="positions">Position of each token in its sequence, [tokens].</param>
    /// <param name="queries">Rotated queries, [tokens][heads][head width].</param>
    /// <param name="keys">Rotated keys, [tokens][KV heads][head width].</param>
    /// <param name="values">Values, [tokens][KV heads][value width].</param>
    void Observe(int layer, ReadOnlySpan<int> positions, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values);
}
