using System.Runtime.InteropServices;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>A mark of which a part differs from call to call: the text before that part and, where there is one, that behind it.</summary>
/// <param name="Before">The text up to the part.</param>
/// <param name="After">The text behind it; null = the whole mark is always the same.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct HoledMark(string Before, string? After)
{
    /// <summary>The part that differs, in catalog/chat/formats.json.</summary>
    public const string Hole = "{}";

    public static HoledMark Of(string text) =>
        text.IndexOf(Hole, StringComparison.Ordinal) is var at and >= 0 ? new(text[..at], text[(at + Hole.Length)..]) : new(text, null);

    /// <summary>The first such mark of a text.</summary>
    /// <returns>Where it begins, the place behind it, and the part that differs; null while it is not whole.</returns>
    public (int At, int End, string Part)? Find(ReadOnlySpan<char> text, int from)
    {
        int at = text.Find(Before, from);
        int part = at + Before.Length;
        if (at < 0 || After is null)
        {
            return at < 0 ? null : (at, part, "");
        }

        int end = text.Find(After, part);
        return end < 0 ? null : (at, end + After.Length, text[part..end].ToString());
    }
}
