namespace Inferometer.Reports.Writers;

/// <summary>Text folded into lines at blanks.</summary>
public static class Prose
{
    /// <summary>Longest line of prose where nothing says how wide the page is, and the longest that reads well where it is wider.</summary>
    public const int LongestLine = 100;

    /// <summary>Characters of a line of prose on a page.</summary>
    /// <param name="pageWidth">Width of the page; null = no limit.</param>
    public static int LineFor(int? pageWidth) => Math.Min(pageWidth ?? LongestLine, LongestLine);

    /// <summary>
    /// Folds text at blanks, but not between a number and its percent sign. A word longer than a line is parted behind a slash or a hyphen,
    /// and
    /// cut where it has none.
    /// </summary>
    /// <param name="text">The text, on one line.</param>
    /// <param name="width">Most characters of a line, at least 1.</param>
    public static IEnumerable<string> Fold(string text, int width)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        return Lines(text, width);
    }

    /// <summary>Length of the longest word of a text.</summary>
    public static int LongestWord(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split(' ').Max(word => word.Length);
    }

    /// <summary>Length of the longest part of a text that <see cref="Fold"/> leaves whole.</summary>
    public static int LongestPart(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int longest = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (IsGap(text, i))
            {
                longest = Math.Max(longest, i - start);
                start = i + 1;
            }
            else if (IsJoint(text[i]))
            {
                longest = Math.Max(longest, i + 1 - start);
                start = i + 1;
            }
        }

        return Math.Max(longest, text.Length - start);
    }

    private static IEnumerable<string> Lines(string text, int width)
    {
        while (text.Length > width)
        {
            int cut = CutOf(text, width);
            yield return text[..cut];
            text = text[cut..].TrimStart();
        }

        yield return text;
    }

    private static int CutOf(string text, int width)
    {
        for (int i = width; i > 0; i--)
        {
            if (IsGap(text, i))
            {
                return i;
            }
        }

        int slash = text.LastIndexOf('/', width - 1) + 1, hyphen = text.LastIndexOf('-', width - 1) + 1;
        return slash > 0 ? slash : hyphen > 0 ? hyphen : width;
    }

    private static bool IsGap(string text, int index) => text[index] == ' ' && (index + 1 == text.Length || text[index + 1] != '%');

    private static bool IsJoint(char c) => c is '/' or '-';
}
