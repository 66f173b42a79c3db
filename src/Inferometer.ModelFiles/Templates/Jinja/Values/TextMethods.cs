using System.Text;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>The methods of Python's <c>str</c>, on .NET strings.</summary>
internal static class TextMethods
{
    /// <summary>Without the white space, or the given characters, at its ends.</summary>
    public static string Strip(string text, string? characters, bool start, bool end)
    {
        if (characters is not null && characters.AsSpan().ContainsAnyInRange('\ud800', '\udfff'))
        {
            return StripPoints(text, [.. CodePoints.Each(characters)], start, end);
        }

        int from = 0, to = text.Length;
        bool Goes(char c) => characters is null ? CodePoints.IsSpace(c) : characters.Contains(c, StringComparison.Ordinal);
        while (start && from < to && Goes(text[from]))
        {
            from++;
        }

        while (end && to > from && Goes(text[to - 1]))
        {
            to--;
        }

        return text[from..to];
    }

    private static string StripPoints(string text, HashSet<string> characters, bool start, bool end)
    {
        string[] points = [.. CodePoints.Each(text)];
        int from = 0, to = points.Length;
        while (start && from < to && characters.Contains(points[from]))
        {
            from++;
        }

        while (end && to > from && characters.Contains(points[to - 1]))
        {
            to--;
        }

        return string.Concat(points[from..to]);
    }

    /// <summary>The parts between separators, or between runs of white space.</summary>
    /// <param name="text">What is split.</param>
    /// <param name="separator">The separator; null = white space.</param>
    /// <param name="limit">Most splits; negative = all.</param>
    /// <param name="fromEnd">Splits at the last separators first.</param>
    public static List<string> Split(string text, string? separator, int limit, bool fromEnd)
    {
        List<string> parts = separator is null ? SplitSpace(text, limit, fromEnd) : [];
        if (separator is null)
        {
            return parts;
        }

        if (separator.Length == 0)
        {
            throw new JinjaException("empty separator");
        }

        int left = limit < 0 ? int.MaxValue : limit;
        if (!fromEnd)
        {
            int from = 0;
            for (int at; left > 0 && (at = text.IndexOf(separator, from, StringComparison.Ordinal)) >= 0; left--)
            {
                parts.Add(text[from..at]);
                from = at + separator.Length;
            }

            parts.Add(text[from..]);
            return parts;
        }

        int to = text.Length;
        for (int at; left > 0 && (at = text.AsSpan(0, to).LastIndexOf(separator, StringComparison.Ordinal)) >= 0; left--)
        {
            parts.Add(text[(at + separator.Length)..to]);
            to = at;
        }

        parts.Add(text[..to]);
        parts.Reverse();
        return parts;
    }

    private static List<string> SplitSpace(string text, int limit, bool fromEnd)
    {
        List<string> parts = [];
        int left = limit < 0 ? int.MaxValue : limit;
        if (!fromEnd)
        {
            for (int at = Run(text, 0, isSpace: true); at < text.Length; at = Run(text, at, isSpace: true))
            {
                int end = left-- > 0 ? Run(text, at, isSpace: false) : text.Length;
                parts.Add(text[at..end]);
                at = end;
            }

            return parts;
        }

        for (int at = RunBack(text, text.Length, isSpace: true); at > 0; at = RunBack(text, at, isSpace: true))
        {
            int start = left-- > 0 ? RunBack(text, at, isSpace: false) : 0;
            parts.Add(text[start..at]);
            at = start;
        }

        parts.Reverse();
        return parts;
    }

    /// <summary>The end of a run of white space, or of what is none.</summary>
    private static int Run(string text, int at, bool isSpace)
    {
        while (at < text.Length && CodePoints.IsSpace(text[at]) == isSpace)
        {
            at++;
        }

        return at;
    }

    private static int RunBack(string text, int at, bool isSpace)
    {
        while (at > 0 && CodePoints.IsSpace(text[at - 1]) == isSpace)
        {
            at--;
        }

        return at;
    }

    /// <summary>The lines, with or without their ends.</summary>
    public static List<string> Lines(string text, bool keepEnds)
    {
        List<string> lines = [];
        for (int from = 0; from < text.Length;)
        {
            int end = text.AsSpan(from).IndexOfAny("\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");
            int at = end < 0 ? text.Length : from + end;
            int next = end < 0 ? at : text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n' ? at + 2 : at + 1;
            lines.Add(text[from..(keepEnds ? next : at)]);
            from = next;
        }

        return lines;
    }

    /// <summary>With another text in the place of one, at most <paramref name="limit"/> times (negative = everywhere).</summary>
    public static string Replace(string text, string old, string replacement, int limit, Budget budget)
    {
        int left = limit < 0 ? int.MaxValue : limit;
        var output = new StringBuilder();
        int from = 0;
        if (old.Length == 0)
        {
            string[] points = [.. CodePoints.Each(text)];
            budget.Take(text.Length + (Math.Min(left, points.Length + 1L) * replacement.Length));
            for (int i = 0; i <= points.Length; i++)
            {
                output.Append(left-- > 0 ? replacement : "").Append(i < points.Length ? points[i] : "");
                left = Math.Max(left, 0);
            }

            return output.ToString();
        }

        budget.Take(text.Length);
        for (int at; left > 0 && (at = text.IndexOf(old, from, StringComparison.Ordinal)) >= 0; left--)
        {
            budget.Take(replacement.Length);
            output.Append(text, from, at - from).Append(replacement);
            from = at + old.Length;
        }

        return from == 0 ? text : output.Append(text, from, text.Length - from).ToString();
    }

    /// <summary>How often a part occurs without overlap.</summary>
    public static int Count(string text, string part)
    {
        if (part.Length == 0)
        {
            return CodePoints.Count(text) + 1;
        }

        int count = 0;
        for (int at = 0; (at = text.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length)
        {
            count++;
        }

        return count;
    }

    /// <summary>Filled up to a width: at the left, the right, or both.</summary>
    public static string Pad(string text, int width, string fill, bool left, bool right, Budget budget)
    {
        int missing = width - CodePoints.Count(text);
        if (missing <= 0)
        {
            return text;
        }

        budget.Take((long)missing * fill.Length);

        // str.center puts the odd one at the left when the width is odd (CPython's unicode_center).
        int before = left && right ? (missing / 2) + (missing & width & 1) : left ? missing : 0;
        return Times(fill, before) + text + Times(fill, missing - before);
    }

    private static string Times(string text, int count) => new StringBuilder(text.Length * count).Insert(0, text, count).ToString();

    /// <summary>Tabs become spaces up to the next stop.</summary>
    public static string ExpandTabs(string text, int size, Budget budget)
    {
        var output = new StringBuilder();
        int column = 0;
        foreach (char c in text)
        {
            if (c == '\t')
            {
                int spaces = size > 0 ? size - (column % size) : 0;
                budget.Take(spaces);
                output.Append(' ', spaces);
                column += spaces;
            }
            else
            {
                output.Append(c);
                column = c is '\n' or '\r' ? 0 : column + 1;
            }
        }

        return output.ToString();
    }
}
