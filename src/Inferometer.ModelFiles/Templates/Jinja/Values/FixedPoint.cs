using System.Globalization;
using System.Numerics;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>A double with a fixed number of decimals, rounded from its exact value and halves to even, as Python and C do.</summary>
internal static class FixedPoint
{
    /// <param name="value">Finite.</param>
    /// <param name="decimals">From 0.</param>
    public static string Text(double value, int decimals)
    {
        long bits = BitConverter.DoubleToInt64Bits(Math.Abs(value));
        int exponent = (int)(bits >> 52);
        BigInteger mantissa = bits & ((1L << 52) - 1);
        mantissa = exponent == 0 ? mantissa : mantissa + (BigInteger.One << 52);
        int shift = (exponent == 0 ? 1 : exponent) - 1075; // the value is mantissa * 2^shift
        BigInteger scaled = mantissa * BigInteger.Pow(10, decimals);
        if (shift >= 0)
        {
            scaled <<= shift;
        }
        else
        {
            BigInteger floor = scaled >> -shift;
            BigInteger twice = (scaled - (floor << -shift)) << 1;
            int half = twice.CompareTo(BigInteger.One << -shift);
            scaled = half > 0 || (half == 0 && !floor.IsEven) ? floor + 1 : floor;
        }

        string digits = scaled.ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
        string sign = double.IsNegative(value) ? "-" : "";
        return decimals == 0 ? sign + digits : sign + digits[..^decimals] + "." + digits[^decimals..];
    }
}
