namespace Inferometer.Serving.Arrivals;

/// <summary>
/// Logarithm, exponential, sine and the normal distribution made of the four operations alone. Those of the runtime are the C library's,
/// which differ in the last bit from one machine to the next; a trace made of them would not be the same everywhere. Relative errors are
/// below 1e-15 but for the normal distribution and the sine, whose absolute error is below 1e-15.
/// </summary>
internal static class PortableMath
{
    private const double LogOfTwoHigh = 0.693147180369123816490; // 33 bits: products with small whole numbers are exact
    private const double LogOfTwoLow = 1.90821492927058770002e-10;
    private const double SquareRootOfTwo = 1.4142135623730951;

    /// <summary>Natural logarithm of a normal positive number.</summary>
    public static double Log(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)(bits >> 52) - 1023;
        double mantissa = BitConverter.Int64BitsToDouble((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
        if (mantissa > SquareRootOfTwo)
        {
            mantissa *= 0.5;
            exponent++;
        }

        // ln m = 2 artanh s with s = (m - 1) / (m + 1), |s| < 0.172: eleven terms
        double s = (mantissa - 1) / (mantissa + 1);
        double square = s * s;
        double sum = 0;
        for (int k = 21; k >= 3; k -= 2)
        {
            sum = (sum + (1.0 / k)) * square;
        }

        double small = (2 * s * sum) + (exponent * LogOfTwoLow);
        return (exponent * LogOfTwoHigh) + ((2 * s) + small);
    }

    /// <summary>Exponential; 0 below -700, infinite above 709.</summary>
    public static double Exp(double x)
    {
        if (!(x > -700))
        {
            return double.IsNaN(x) ? x : 0;
        }

        if (x > 709)
        {
            return double.PositiveInfinity;
        }

        int power = (int)Math.Floor((x / (LogOfTwoHigh + LogOfTwoLow)) + 0.5);
        double r = x - (power * LogOfTwoHigh) - (power * LogOfTwoLow);
        double sum = 1;
        for (int k = 16; k >= 1; k--)
        {
            sum = 1 + (sum * r / k); // Taylor's series, |r| < 0.35
        }

        return sum * BitConverter.Int64BitsToDouble((power + 1023L) << 52);
    }

    /// <summary>Sine of a number of turns: 0.25 gives 1.</summary>
    public static double SineOfTurns(double turns)
    {
        double part = turns - Math.Floor(turns); // 0..1
        double folded = part < 0.25 ? part : part < 0.75 ? 0.5 - part : part - 1; // -0.25..0.25, the same sine
        double x = folded * (2 * Math.PI);
        double square = x * x;
        double sum = 1;
        for (int k = 22; k >= 2; k -= 2)
        {
            sum = 1 - (sum * square / (k * (k + 1.0)));
        }

        return x * sum;
    }

    /// <summary>Density of the standard normal distribution.</summary>
    public static double NormalDensity(double z) => Exp(-0.5 * z * z) * 0.3989422804014327; // 1 / sqrt(2 pi)

    /// <summary>P(Z >= z) of the standard normal distribution, to 12 digits and more.</summary>
    public static double NormalTail(double z)
    {
        const double Far = 3;
        double size = Math.Abs(z);
        double tail;
        if (size > Far)
        {
            // Laplace's continued fraction: density / (z + 1 / (z + 2 / (z + ...)))
            double below = size;
            for (int k = 120; k >= 1; k--)
            {
                below = size + (k / below);
            }

            tail = NormalDensity(size) / below;
        }
        else
        {
            // 1/2 - density (z + z^3 / 3 + z^5 / (3 5) + ...)
            double term = size;
            double sum = size;
            for (int k = 3; k < 120 && term > 1e-17 * sum; k += 2)
            {
                term *= size * size / k;
                sum += term;
            }

            tail = 0.5 - (NormalDensity(size) * sum);
        }

        return z < 0 ? 1 - tail : tail;
    }
}
