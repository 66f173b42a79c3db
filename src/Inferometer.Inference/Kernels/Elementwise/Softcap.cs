namespace Inferometer.Inference.Kernels.Elementwise;

/// <summary>Soft capping of logits (gemma 2): cap * tanh(x / cap).</summary>
public static class Softcap
{
    /// <summary>In place; <paramref name="cap"/> is positive.</summary>
    public static void Apply(Span<float> x, float cap)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cap);
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = cap * MathF.Tanh(x[i] / cap);
        }
    }
}
