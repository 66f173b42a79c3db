using System.Globalization;
using System.Text;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// Characters replaced as Hugging Face's <c>Precompiled</c> normalizer does it: a grapheme of up to five bytes is replaced whole by the
/// shortest entry that it begins with, and where there is none, each of its characters is looked up.
/// </summary>
internal sealed record PrecompiledStep(CharacterMap Map) : NormalizerStep
{
    private const int LongestGraphemeBytes = 5;

    public override string Apply(string fragment, bool isFirst)
    {
        var replaced = new StringBuilder(fragment.Length);
        Span<byte> utf8 = stackalloc byte[LongestGraphemeBytes];
        for (int start = 0; start < fragment.Length;)
        {
            ReadOnlySpan<char> grapheme = fragment.AsSpan(start, StringInfo.GetNextTextElementLength(fragment, start));
            start += grapheme.Length;
            if (Encoding.UTF8.TryGetBytes(grapheme, utf8, out int length)
                && Map.TryReplace(utf8[..length], CharacterMap.Match.Shortest, out ReadOnlySpan<byte> whole, out _))
            {
                replaced.Append(CharacterMap.Text(whole));
                continue;
            }

            foreach (Rune rune in grapheme.EnumerateRunes())
            {
                bool known = Map.TryReplace(
                    utf8[..rune.EncodeToUtf8(utf8)], CharacterMap.Match.Shortest, out ReadOnlySpan<byte> single, out _);
                replaced.Append(known ? CharacterMap.Text(single) : rune.ToString());
            }
        }

        return replaced.ToString();
    }
}

/// <summary>
/// All that SentencePiece does to a text before it is cut: characters replaced by the longest entry of its map, runs of blanks made one and
/// those at the ends left out, a blank put before the whole (or behind it), and blanks written as U+2581.
/// </summary>
/// <param name="Map">Replacements; null for none.</param>
/// <param name="RemovesExtraSpace">Runs of blanks become one, blanks at the ends none.</param>
/// <param name="AddsSpace">Puts a blank before the text.</param>
/// <param name="AddsSpaceBehind">That blank is put behind it.</param>
internal sealed record SentencePieceStep(CharacterMap? Map, bool RemovesExtraSpace, bool AddsSpace, bool AddsSpaceBehind = false)
    : NormalizerStep
{
    private const char Blank = '\u2581';

    public override string Apply(string fragment, bool isFirst)
    {
        string text = Map is null ? fragment : Replaced(fragment, Map);
        var output = new StringBuilder(text.Length + 1);
        bool afterBlank = RemovesExtraSpace;
        foreach (char c in text)
        {
            bool isBlank = c == ' ';
            if (!(isBlank && afterBlank))
            {
                output.Append(isBlank ? Blank : c);
            }

            afterBlank = isBlank && RemovesExtraSpace;
        }

        if (RemovesExtraSpace)
        {
            while (output.Length > 0 && output[^1] == Blank)
            {
                output.Length--;
            }
        }

        if (output.Length > 0 && AddsSpace)
        {
            output.Insert(AddsSpaceBehind ? output.Length : 0, Blank);
        }

        return output.ToString();
    }

    private static string Replaced(string text, CharacterMap map)
    {
        ReadOnlySpan<byte> utf8 = Encoding.UTF8.GetBytes(text);
        var replaced = new StringBuilder(text.Length);
        while (!utf8.IsEmpty)
        {
            if (map.TryReplace(utf8, CharacterMap.Match.Longest, out ReadOnlySpan<byte> replacement, out int length))
            {
                replaced.Append(CharacterMap.Text(replacement));
            }
            else
            {
                Rune.DecodeFromUtf8(utf8, out Rune rune, out length);
                replaced.Append(rune);
            }

            utf8 = utf8[length..];
        }

        return replaced.ToString();
    }
}

/// <summary>Words parted by white space, each with U+2581 before it and nothing between them.</summary>
internal sealed record WordsStep : NormalizerStep
{
    private const char Blank = '\u2581';

    public override string Apply(string fragment, bool isFirst)
    {
        var words = new StringBuilder(fragment.Length + 1);
        bool inWord = false;
        foreach (char c in fragment)
        {
            bool isSpace = char.IsWhiteSpace(c);
            if (!isSpace)
            {
                words.Append(inWord || c == Blank ? "" : "\u2581").Append(c);
            }

            inWord = !isSpace;
        }

        return words.ToString();
    }
}
