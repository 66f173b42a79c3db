namespace Inferometer.Inference.Chat.Formats;

/// <summary>Finds the marks of a model in what it writes.</summary>
internal static class Marks
{
    /// <summary>The place of a mark at or behind another place, or -1.</summary>
    public static int Find(this ReadOnlySpan<char> text, string mark, int from)
    {
        int offset = from > text.Length ? -1 : text[from..].IndexOf(mark);
        return offset < 0 ? -1 : from + offset;
    }

    /// <summary>The first place that is not blank, or -1.</summary>
    public static int FirstLetter(this ReadOnlySpan<char> text, int from)
    {
        int offset = text[from..].IndexOfAnyExcept(" \n\r\t");
        return offset < 0 ? -1 : from + offset;
    }

    /// <summary>The first of several marks at or behind a place, the longest of those that begin there; -1 where there is none.</summary>
    public static (int At, string Mark) FirstOf(ReadOnlySpan<char> text, string[] marks, int from = 0)
    {
        (int At, string Mark) first = (-1, "");
        foreach (string mark in marks)
        {
            int at = text.Find(mark, from);
            if (at >= 0 && (first.At < 0 || at < first.At || (at == first.At && mark.Length > first.Mark.Length)))
            {
                first = (at, mark);
            }
        }

        return first;
    }

    /// <summary>Characters at the end of a text that may be the beginning of a mark.</summary>
    public static int Partial(ReadOnlySpan<char> text, params ReadOnlySpan<string> marks)
    {
        int longest = 0;
        foreach (string mark in marks)
        {
            for (int length = Math.Min(mark.Length - 1, text.Length); length > longest; length--)
            {
                if (text[^length..].SequenceEqual(mark.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
