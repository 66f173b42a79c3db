using System.Numerics;

namespace Inferometer.Serving.Arrivals;

/// <summary>
/// Random numbers that are the same on every machine and in every version of the runtime: xoshiro256** (Blackman, Vigna: Scrambled Linear
/// Pseudorandom Number Generators, 2021), its state filled by SplitMix64. Everything is made of integer arithmetic, of the four operations
/// and of square roots, which IEEE 754 defines to the last bit, and of functions made of those. Not thread-safe.
/// </summary>
public sealed class SeededRandom
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;
    private double _spareNormal = double.NaN;

    /// <summary>One of several independent streams of a seed.</summary>
    /// <param name="seed">The seed; any number.</param>
    /// <param name="stream">Which stream.</param>
    public SeededRandom(ulong seed, ulong stream)
    {
        ulong state = seed ^ (stream * 0xd1342543de82ef95); // odd factor of a 64-bit generator: streams begin far apart
        _a = Split(ref state);
        _b = Split(ref state);
        _c = Split(ref state);
        _d = Split(ref state);
    }

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        ulong result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        ulong shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>From 0 up to, not including, 1.</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Above 0, up to and including 1.</summary>
    public double UniformAboveZero() => ((Next() >> 11) + 1) * (1.0 / (1UL << 53));

    /// <summary>From 0 to below a bound of at least 1; each as likely as the others.</summary>
    public int Below(int bound)
    {
        ulong range = (ulong)bound;
        ulong least = (0 - range) % range; // the numbers below it would make the first remainders likelier
        ulong drawn;
        do
        {
            drawn = Next();
        }
        while (drawn < least);
        return (int)(drawn % range);
    }

    /// <summary>Exponentially distributed with mean 1.</summary>
    public double Exponential() => -PortableMath.Log(UniformAboveZero());

    /// <summary>Normally distributed with mean 0 and deviation 1: Marsaglia's polar method.</summary>
    public double Normal()
    {
        if (!double.IsNaN(_spareNormal))
        {
            double spare = _spareNormal;
            _spareNormal = double.NaN;
            return spare;
        }

        double x, y, square;
        do
        {
            x = (2 * Uniform()) - 1;
            y = (2 * Uniform()) - 1;
            square = (x * x) + (y * y);
        }
        while (square is >= 1 or 0);
        double scale = Math.Sqrt(-2 * PortableMath.Log(square) / square);
        _spareNormal = y * scale;
        return x * scale;
    }

    /// <summary>
    /// Gamma distributed with a shape and mean 1 (Marsaglia, Tsang: A Simple Method for Generating Gamma Variables, 2000; shapes below 1 as
    /// in its section 6).
    /// </summary>
    public double Gamma(double shape)
    {
        if (shape < 1)
        {
            double boost = PortableMath.Exp(PortableMath.Log(UniformAboveZero()) / shape);
            return (shape + 1) / shape * Gamma(shape + 1) * boost;
        }

        double d = shape - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = Normal();
            double v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;
            if (PortableMath.Log(UniformAboveZero()) < (0.5 * x * x) + d - (d * v) + (d * PortableMath.Log(v)))
            {
                return d * v / shape;
            }
        }
    }

    private static ulong Split(ref ulong state)
    {
        ulong z = state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
