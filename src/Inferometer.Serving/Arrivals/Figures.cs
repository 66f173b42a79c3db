using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Serving.Arrivals;

/// <summary>Texts such as <c>normal:512,128</c>: a word and figures.</summary>
internal static class Figures
{
    private const int QuotedLetters = 60;

    /// <exception cref="InferometerException">A figure is no finite number.</exception>
    public static (string Kind, double[] Values) Read(string text, string origin)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return (text, []);
        }

        return (text[..colon], [.. text[(colon + 1)..].Split(',').Select(part => TryNumber(part, out double value)
            ? value
            : throw new InferometerException($"{origin}: '{Quoted(text)}': '{Quoted(part)}' is no number."))]);
    }

    /// <summary>A finite number: digits, a point, an exponent; no blanks, no thousands.</summary>
    public static bool TryNumber(string text, out double value) =>
        double.TryParse(
            text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture,
            out value)
        && double.IsFinite(value) && text.All(c => char.IsAsciiDigit(c) || c is '.' or '-' or '+' or 'e' or 'E');

    public static string Quoted(string text) => text.Length <= QuotedLetters ? text : string.Concat(text.AsSpan(0, QuotedLetters), "...");
}
