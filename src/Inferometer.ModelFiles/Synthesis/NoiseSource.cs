using System.Runtime.InteropServices;
using System.Text;

namespace Inferometer.ModelFiles.Synthesis;

/// <summary>
/// A stream of random bits that depends on a seed, a name and a chunk number alone, so that chunks can be made in any order.
/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
/// </summary>
internal struct NoiseSource
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    private ulong _state;

    public NoiseSource(ulong seed, string name, long chunk)
    {
        ulong hash = 14695981039346656037; // FNV-1a
        foreach (byte letter in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ letter) * 1099511628211;
        }

        _state = Mix(seed + GoldenGamma) ^ Mix(hash) ^ Mix((ulong)chunk * GoldenGamma);
    }

    public ulong Next() => Mix(_state += GoldenGamma);

    /// <summary>Uniform in [-1, 1).</summary>
    public float NextSigned() => (int)(Next() >> 32) * (1f / 2147483648f);

    public void Fill(Span<byte> bytes)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = Next();
        }

        for (int i = words.Length * sizeof(ulong); i < bytes.Length; i++)
        {
            bytes[i] = (byte)(Next() >> 56);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
