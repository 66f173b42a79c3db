using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Inferometer.Core.Catalog;

/// <summary>
/// A name with how many there are of it, as people write it: <c>8xh100</c>, <c>8 * h100</c>, <c>h100x8</c>, <c>h100:8</c>.
/// </summary>
/// <param name="Name">The name.</param>
/// <param name="Digits">The number as it was written, of digits alone; it may be 0 or larger than any type holds.</param>
public sealed record CountedName(string Name, string Digits)
{
    private const string Before = "xX*\u00D7";
    private const string Behind = Before + ":";

    /// <summary>The number; null = it is 0, or more than a million.</summary>
    public int? Count =>
        int.TryParse(Digits, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 1 << 20
            ? count
            : null;

    /// <summary>
    /// Takes a text apart, where it is not a name as a whole; and behind a name that is not known a number is part of it: an
    /// <c>rtx9999</c> is not so many of an <c>rt</c>.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="isKnown">Whether a text is a name.</param>
    /// <param name="counted">The parts.</param>
    /// <returns>False where the text holds no number in such a place.</returns>
    public static bool TryRead(string text, Func<string, bool> isKnown, [NotNullWhen(true)] out CountedName? counted)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(isKnown);
        string trimmed = text.Trim();
        int leading = trimmed.Length - trimmed.AsSpan().TrimStart("0123456789").Length;
        string rest = trimmed[leading..].TrimStart();
        string digits = trimmed[..leading];
        counted = null;
        if (leading > 0 && rest.Length > 1)
        {
            bool isApart = rest.Length < trimmed.Length - leading; // as in '8 h100'
            string name = Before.Contains(rest[0], StringComparison.Ordinal) ? rest[1..].TrimStart() : isApart ? rest : "";
            counted = name.Length > 0 ? new CountedName(name, digits) : null;
        }

        int trailing = trimmed.AsSpan().TrimEnd("0123456789").Length;
        string front = trimmed[..trailing].TrimEnd();
        if (counted is null && trailing < trimmed.Length && front.Length > 1 && Behind.Contains(front[^1], StringComparison.Ordinal))
        {
            string name = front[..^1].TrimEnd();
            counted = name.Length > 0 && isKnown(name) ? new CountedName(name, trimmed[trailing..]) : null;
        }

        counted = counted is null || isKnown(trimmed) ? null : counted;
        return counted is not null;
    }
}
