using System.Buffers;
using System.Globalization;
using System.Text;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>Upper and lower case as Python has them: with the letters that become several.</summary>
internal static class Casing
{
    // Unicode's SpecialCasing.txt, the unconditional upper-case mappings of Latin and Armenian letters to more than one letter.
    private static readonly Dictionary<char, string> SeveralUpper = new()
    {
        ['\u00df'] = "SS",
        ['\u0149'] = "\u02bcN",
        ['\u01f0'] = "J\u030c",
        ['\u0390'] = "\u0399\u0308\u0301",
        ['\u03b0'] = "\u03a5\u0308\u0301",
        ['\u0587'] = "\u0535\u0552",
        ['\u1e96'] = "H\u0331",
        ['\u1e97'] = "T\u0308",
        ['\u1e98'] = "W\u030a",
        ['\u1e99'] = "Y\u030a",
        ['\u1e9a'] = "A\u02be",
        ['\ufb00'] = "FF",
        ['\ufb01'] = "FI",
        ['\ufb02'] = "FL",
        ['\ufb03'] = "FFI",
        ['\ufb04'] = "FFL",
        ['\ufb05'] = "ST",
        ['\ufb06'] = "ST",
    };

    private static readonly SearchValues<char> BecomeSeveral = SearchValues.Create([.. SeveralUpper.Keys]);

    public static string Upper(string text)
    {
        string upper = text.ToUpperInvariant();
        return upper.AsSpan().ContainsAny(BecomeSeveral) ? string.Concat(upper.Select(c => SeveralUpper.GetValueOrDefault(c)
            ?? c.ToString())) : upper;
    }

    public static string Lower(string text)
    {
        string lower = text.ToLowerInvariant().Replace("\u0130", "i\u0307", StringComparison.Ordinal);
        return text.Contains('\u03a3', StringComparison.Ordinal) ? FinalSigmas(lower) : lower;
    }

    /// <summary>The first character in upper case (in title case, for the few letters that have one), the rest in lower case.</summary>
    public static string Capitalize(string text)
    {
        int first = text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : Math.Min(1, text.Length);
        return Title(text[..first]) + Lower(text[first..]);
    }

    /// <summary><c>str.title</c>: capitalises after everything that is no cased letter.</summary>
    public static string TitleWords(string text)
    {
        var output = new StringBuilder(text.Length);
        bool follows = false;
        foreach (string point in CodePoints.Each(text))
        {
            output.Append(follows ? Lower(point) : Title(point));
            follows = IsCased(point);
        }

        return output.ToString();
    }

    public static string Swap(string text) => string.Concat(CodePoints.Each(text).Select(point =>
        IsUpper(point) ? Lower(point) : IsLower(point) ? Upper(point) : point));

    public static bool IsCased(string point) => IsUpper(point) || IsLower(point) || Category(point) == UnicodeCategory.TitlecaseLetter;

    public static bool IsUpper(string point) => Category(point) == UnicodeCategory.UppercaseLetter;

    public static bool IsLower(string point) => Category(point) == UnicodeCategory.LowercaseLetter;

    private static UnicodeCategory Category(string point) =>
        CharUnicodeInfo.GetUnicodeCategory(point, 0);

    private static string Title(string point)
    {
        string upper = Upper(point);
        return upper.Length > point.Length ? upper[..1] + Lower(upper[1..]) : upper;
    }

    /// <summary>A sigma at the end of a word has its own form.</summary>
    private static string FinalSigmas(string lower) => string.Create(lower.Length, lower, static (span, text) =>
    {
        text.CopyTo(span);
        for (int i = 0; i < span.Length; i++)
        {
            bool isFinal = span[i] == '\u03c3' && i > 0 && char.IsLetter(text[i - 1])
                && (i + 1 == span.Length || !char.IsLetter(text[i + 1]));
            span[i] = isFinal ? '\u03c2' : span[i];
        }
    });
}
