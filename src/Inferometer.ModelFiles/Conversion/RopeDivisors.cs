using Inferometer.Core.Models;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>Frequency divisors of the llama3 rotary scheme.</summary>
internal static class RopeDivisors
{
    /// <summary>1 for short wavelengths, the factor for long ones, and in between the harmonic blend of the two.</summary>
    /// <remarks>Llama 3.1's published scheme: bounds are original context / high and low frequency factor.</remarks>
    public static float[] Llama3(RopeParameters rope, int rotaryWidth)
    {
        var divisors = new float[rotaryWidth / 2];
        for (int i = 0; i < divisors.Length; i++)
        {
            double wavelength = 2 * Math.PI * Math.Pow(rope.Theta, 2.0 * i / rotaryWidth);
            double rotations = rope.OriginalContextTokens / wavelength;
            double blend = (rotations - rope.LowFrequencyFactor) / (rope.HighFrequencyFactor - rope.LowFrequencyFactor);
            blend = Math.Clamp(blend, 0, 1);
            divisors[i] = (float)(1 / (((1 - blend) / rope.Factor) + blend));
        }

        return divisors;
    }
}
