namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>What a head's scores lose per token of distance (Press, Smith and Lewis 2021, arXiv:2108.12409).</summary>
public static class AlibiSlopes
{
    /// <summary>
    /// The slopes of all heads: a geometric row that ends with 2^-8; where their number is no power of two, that of the largest below
    /// it, and then every second one of the row twice as long.
    /// </summary>
    /// <param name="heads">Heads, at least 1.</param>
    public static float[] Of(int heads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        int whole = 1 << int.Log2(heads);
        return [.. Enumerable.Range(0, heads).Select(head => (float)(head < whole
            ? Math.Pow(2, -8.0 * (head + 1) / whole)
            : Math.Pow(2, -4.0 * ((2 * (head - whole)) + 1) / whole)))];
    }
}
