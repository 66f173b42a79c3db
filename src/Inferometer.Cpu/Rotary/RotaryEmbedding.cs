using Inferometer.Cpu.Kernels.Elementwise;

namespace Inferometer.Cpu.Rotary;

/// <summary>The rotary embedding of a layer as its model runs it, and its inverse. Immutable; thread-safe.</summary>
public sealed class RotaryEmbedding
{
    private readonly RopeFrequencies _frequencies;

    internal RotaryEmbedding(RopeFrequencies frequencies, int headDim, bool interleaved) =>
        (_frequencies, HeadDim, Interleaved) = (frequencies, headDim, interleaved);

    /// <summary>Width of a head.</summary>
    public int HeadDim { get; }

    /// <summary>Pairs are channels (2i, 2i + 1); otherwise (i, i + <see cref="Pairs"/>).</summary>
    public bool Interleaved { get; }

    /// <summary>Rotated pairs of channels, from the first channel on; further channels stay as they are.</summary>
    public int Pairs => _frequencies.Pairs;

    /// <summary>Cosines and sines of a position, each [<see cref="Pairs"/>], the scheme's factor on scores included.</summary>
    public void At(int position, Span<float> cosines, Span<float> sines) => _frequencies.At(position, cosines, sines);

    /// <summary>Rotates consecutive heads of one token in place.</summary>
    public void Rotate(Span<float> heads, int position) => Turn(heads, position, inverse: false);

    /// <summary>Takes the rotation of a position back, its factor included.</summary>
    public void Unrotate(Span<float> heads, int position) => Turn(heads, position, inverse: true);

    private void Turn(Span<float> heads, int position, bool inverse)
    {
        Span<float> cosines = stackalloc float[Pairs];
        Span<float> sines = stackalloc float[Pairs];
        At(position, cosines, sines);
        for (int i = 0; inverse && i < cosines.Length; i++)
        {
            float square = cosines[i] * cosines[i] + sines[i] * sines[i];
            cosines[i] /= square;
            sines[i] /= -square;
        }

        if (Interleaved)
        {
            Rope.RotatePairs(heads, HeadDim, cosines, sines);
        }
        else
        {
            Rope.RotateHalves(heads, HeadDim, cosines, sines);
        }
    }
}
