namespace Inferometer.History.Comparison;

/// <summary>The normal distribution and Student's, as far as intervals need them.</summary>
internal static class Normal
{
    /// <summary>The 97.5th percentile of the normal distribution.</summary>
    public const double Z975 = 1.959963984540054;

    /// <summary>A draw of the normal distribution (Box and Muller, 1958), the same for the same place, key and stream.</summary>
    public static double Scrambled(int i, double key, ulong stream)
    {
        ulong place = unchecked((ulong)BitConverter.DoubleToInt64Bits(key) + (0x9E3779B97F4A7C15UL * (ulong)(i + 1)));
        SplitMix64 random = new(unchecked(place + (stream << 32)));
        double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextUnit()));
        return radius * Math.Cos(2 * Math.PI * random.NextUnit());
    }

    /// <summary>
    /// The probability that Student's t lies further from 0 than this, for a whole number of degrees of freedom (Abramowitz and Stegun
    /// 26.7.3
    /// and 26.7.4).
    /// </summary>
    public static double StudentTwoSided(double t, int freedom)
    {
        double angle = Math.Atan(t / Math.Sqrt(freedom)), sine = Math.Sin(angle), cosine = Math.Cos(angle);
        bool odd = freedom % 2 == 1;
        double term = odd ? cosine : 1, sum = freedom == 1 ? 0 : term;
        for (int k = odd ? 3 : 2; k <= freedom - 2; k += 2)
        {
            term *= cosine * cosine * (k - 1) / k;
            sum += term;
        }

        return Math.Max(0, 1 - (odd ? 2 / Math.PI * (angle + (sine * sum)) : sine * sum));
    }

    /// <summary>
    /// The 97.5th percentile of Student's distribution: exact for one and two degrees of freedom, beyond by the expansion of Cornish and
    /// Fisher to the fourth order (Abramowitz and Stegun 26.7.5), 0.1 % off at three.
    /// </summary>
    public static double Student975(int freedom)
    {
        const double z = Z975, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, z9 = z7 * z * z;
        double n = freedom;
        return freedom switch
        {
            1 => 12.7062047364,
            2 => 4.30265272991,
            _ => z + ((z3 + z) / (4 * n)) + (((5 * z5) + (16 * z3) + (3 * z)) / (96 * n * n))
                + (((3 * z7) + (19 * z5) + (17 * z3) - (15 * z)) / (384 * n * n * n))
                + (((79 * z9) + (776 * z7) + (1482 * z5) - (1920 * z3) - (945 * z)) / (92160 * n * n * n * n)),
        };
    }
}
