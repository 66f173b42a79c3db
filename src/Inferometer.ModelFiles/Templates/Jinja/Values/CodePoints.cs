using System.Globalization;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>Text as Python counts it: by code points, where .NET counts UTF-16 units.</summary>
internal static class CodePoints
{
    /// <summary>Number of code points.</summary>
    public static int Count(string text)
    {
        int count = text.Length;
        if (HasPairs(text))
        {
            for (int i = 1; i < text.Length; i++)
            {
                count -= char.IsSurrogatePair(text[i - 1], text[i]) ? 1 : 0;
            }
        }

        return count;
    }

    /// <summary>Each code point as text.</summary>
    public static IEnumerable<string> Each(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            int length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
            yield return text.Substring(i, length);
            i += length;
        }
    }

    /// <summary>
    /// The code points from <paramref name="start"/> on, every <paramref name="step"/>th, <paramref name="count"/>
    /// of them.
    /// </summary>
    public static string Slice(string text, int start, int step, int count)
    {
        if (count == 0)
        {
            return "";
        }

        if (!HasPairs(text))
        {
            return step == 1 ? text.Substring(start, count) : string.Create(count, (text, start, step), static (span, from) =>
            {
                for (int i = 0; i < span.Length; i++)
                {
                    span[i] = from.text[from.start + (i * from.step)];
                }
            });
        }

        string[] points = [.. Each(text)];
        return string.Concat(Enumerable.Range(0, count).Select(i => points[start + (i * step)]));
    }

    /// <summary>The place in UTF-16 of a code point.</summary>
    public static int ToUtf16(string text, int index)
    {
        if (!HasPairs(text))
        {
            return index;
        }

        int at = 0;
        for (int i = 0; i < index && at < text.Length; i++)
        {
            at += at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
        }

        return at;
    }

    /// <summary>The number of code points before a place in UTF-16.</summary>
    public static int FromUtf16(string text, int at) => HasPairs(text) ? Count(text[..at]) : at;

    /// <summary>White space as <c>str.isspace</c> and <c>str.strip</c> know it.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    /// <summary>Whether <c>repr</c> writes it as it is.</summary>
    public static bool IsPrintable(int point) => point == ' ' || CharUnicodeInfo.GetUnicodeCategory(point) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    private static bool HasPairs(string text) => text.AsSpan().ContainsAnyInRange('\ud800', '\udfff');
}
