using System.Runtime.InteropServices;

namespace Inferometer.Inference.Sampling;

/// <summary>
/// Random numbers that are a pure function of a seed, a position in the output and the number of the draw there (SplitMix64 finaliser over
/// a Weyl sequence), so that preemption, batching and speculation cannot shift them.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct SampleRandom(ulong seed)
{
    private const ulong Golden = 0x9e3779b97f4a7c15;

    /// <summary>Uniform in [0, 1).</summary>
    /// <param name="position">Index of the token in the output.</param>
    /// <param name="draw">Number of the draw for that token.</param>
    public double Uniform(int position, int draw = 0)
    {
        ulong x = Mix(seed + Golden) + (Golden * (uint)position);
        return (Mix(Mix(x) + (Golden * (uint)(draw + 1))) >> 11) * (1.0 / (1UL << 53));
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }
}
