using System.Globalization;
using System.Numerics;
using Inferometer.Core;

namespace Inferometer.Cli.Settings;

/// <summary>
/// The kinds of values. Numbers are read the same everywhere and in every culture: digits, for whole ones nothing else but a leading minus;
/// a decimal point and an exponent of ten besides for others. No comma, no blank, no hexadecimal, nothing that is not finite.
/// </summary>
internal static class Domains
{
    private const int QuotedLetters = 60;

    /// <summary>A whole number.</summary>
    public static Domain<T> Whole<T>(T least, T most, string help = "N")
        where T : IBinaryInteger<T>, IMinMaxValue<T>
    {
        string allowed = string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}");
        string range = string.Create(CultureInfo.InvariantCulture, $"{least}{(most == T.MaxValue ? " or more" : $" to {most}")}");
        return new(help, range, (text, origin) => TryWhole(text, out T value) && value >= least && value <= most
            ? value
            : throw Wrong(origin, text, allowed, WholeHint(text)));
    }

    /// <summary>A number.</summary>
    /// <param name="least">The least that is allowed, or with <paramref name="above"/> the greatest that is not.</param>
    /// <param name="most">The most.</param>
    /// <param name="above">Whether <paramref name="least"/> itself is not allowed.</param>
    /// <param name="help">Placeholder in the help.</param>
    public static Domain<double> Number(double least, double most, bool above = false, string help = "X")
    {
        string range = string.Create(CultureInfo.InvariantCulture, $"{(above ? "above " : "")}{least} to {most}");
        return new(
            help, range, (text, origin) => TryNumber(text, out double value) && (above ? value > least : value >= least) && value <= most
            ? value
            : throw Wrong(origin, text, $"a number {(above ? "" : "from ")}{range}", NumberHint(text)));
    }

    /// <summary>One of some words, in any case; a word may have further spellings after <c>|</c>, which the help does not list.</summary>
    public static Domain<T> Word<T>(params (string Spellings, T Value)[] words)
    {
        string[] names = [.. words.Select(w => w.Spellings.Split('|')[0])];
        return new(string.Join('|', names), null, (text, origin) =>
        {
            foreach ((string spellings, T value) in words)
            {
                if (spellings.Split('|').Contains(text, StringComparer.OrdinalIgnoreCase))
                {
                    return value;
                }
            }

            // Of numbers none is a misspelt other.
            throw Wrong(origin, text, Listed(names), TryNumber(text, out _) ? "" : NameSuggestion.For(text, names));
        });
    }

    /// <summary>Any text but the empty one.</summary>
    public static Domain<string> Text(string help = "TEXT") => new(help, null, (text, origin) => string.IsNullOrWhiteSpace(text)
        ? throw new InferometerException($"{origin}: the text is empty.")
        : text);

    /// <summary>Any text, the empty one too.</summary>
    public static Domain<string> AnyText(string help = "TEXT") => new(help, null, (text, _) => text);

    /// <summary>A whole number's text, exactly.</summary>
    public static bool TryWhole<T>(string text, out T value)
        where T : IBinaryInteger<T> =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value!)
            && text.TrimStart('-').All(char.IsAsciiDigit);

    /// <summary>A finite number's text, exactly.</summary>
    public static bool TryNumber(string text, out double value) =>
        double.TryParse(
            text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture,
                out value)
        && double.IsFinite(value) && text.All(c => char.IsAsciiDigit(c) || c is '.' or '-' or '+' or 'e' or 'E');

    /// <summary>The error for a wrong value: what, which, and what is allowed.</summary>
    public static InferometerException Wrong(string origin, string text, string allowed, string hint = "") =>
        new($"{origin}: {Quote(text)} is not allowed; it must be {allowed}.{hint}");

    /// <summary>Words in a row: <c>a, b or c</c>.</summary>
    public static string Listed(IReadOnlyList<string> words) =>
        words.Count == 1 ? words[0] : $"{string.Join(", ", words.Take(words.Count - 1))} or {words[^1]}";

    /// <summary>A value in quotes for a message, cut where it is as long as the system lets a command line be.</summary>
    public static string Quote(string text) => text.Length <= QuotedLetters
        ? $"'{text}'"
        : string.Create(CultureInfo.InvariantCulture, $"'{text.AsSpan(0, QuotedLetters)}...' ({text.Length} letters)");

    private static string WholeHint(string text) => text.Contains(',', StringComparison.Ordinal)
        ? " One number is wanted, without thousands separators."
        : TryNumber(text, out _) && !TryWhole(text, out Int128 _) ? " Write it in digits." : "";

    private static string NumberHint(string text) =>
        text.Contains(',', StringComparison.Ordinal) ? " Decimals are written with a point." : "";
}
