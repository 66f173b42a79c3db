using System.Globalization;
using System.Numerics;
using System.Text;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>Numbers from text, as Python's <c>int()</c> and <c>float()</c> read them.</summary>
internal static class NumberParsing
{
    private const int MostDigits = 4300;

    /// <summary>A whole number in a base; null where the text is none.</summary>
    public static BigInteger? Whole(string text, int radix)
    {
        text = TextMethods.Strip(text, null, start: true, end: true);
        bool isNegative = text.StartsWith('-');
        text = isNegative || text.StartsWith('+') ? text[1..] : text;
        string prefix = text.Length > 1 && text[0] == '0' ? text[..2].ToLowerInvariant() : "";
        int named = prefix switch { "0x" => 16, "0o" => 8, "0b" => 2, _ => 0 };
        if (named != 0 && (radix == named || radix == 0))
        {
            (text, radix) = (text[2..], named);
            text = text.StartsWith('_') ? text[1..] : text;
        }

        radix = radix == 0 ? 10 : radix;
        if (text.Length is 0 or > MostDigits || text[0] == '_' || text[^1] == '_' || text.Contains("__", StringComparison.Ordinal)
            || radix is < 2 or > 36)
        {
            return null;
        }

        BigInteger number = BigInteger.Zero;
        foreach (char c in text)
        {
            int digit = c == '_' ? -1 : char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? (c | 0x20) - 'a' + 10
                : char.IsDigit(c) ? (int)char.GetNumericValue(c) : 99;
            if (digit >= radix)
            {
                return null;
            }

            number = digit < 0 ? number : (number * radix) + digit;
        }

        return isNegative ? -number : number;
    }

    /// <summary>A floating-point number; null where the text is none.</summary>
    public static double? Real(string text)
    {
        text = TextMethods.Strip(text, null, start: true, end: true).ToLowerInvariant();
        string unsigned = text.TrimStart('+', '-');
        if (text.Length - unsigned.Length <= 1 && unsigned is "inf" or "infinity" or "nan")
        {
            return unsigned is "nan" ? double.NaN : text.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
        }

        if (!IsReal(text))
        {
            return null;
        }

        var plain = new StringBuilder(text).Replace("_", "");
        return double.TryParse(plain.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;
    }

    /// <summary>A floating-point number without what follows its point.</summary>
    public static JinjaValue Truncate(double value) => double.IsFinite(value)
        ? new IntegerValue(new BigInteger(Math.Truncate(value)))
        : throw new JinjaException(double.IsNaN(value) ? "cannot convert float NaN to integer"
            : "cannot convert float infinity to integer");

    private static bool IsReal(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool isJoined = c == '_' && i > 0 && i + 1 < text.Length && char.IsAsciiDigit(text[i - 1]) && char.IsAsciiDigit(text[i + 1]);
            if (!isJoined && !(char.IsAsciiDigit(c) || c is '.' or 'e' or '+' or '-'))
            {
                return false;
            }
        }

        return text.Length > 0;
    }
}
