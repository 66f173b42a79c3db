using System.Globalization;
using System.Text;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// What BERT's basic tokenizer does to a text: control characters left out, white space made blanks, blanks around Chinese characters,
/// accents taken off, small letters.
/// </summary>
internal sealed record BertStep(bool CleansText, bool PartsChinese, bool StripsAccents, bool Lowercases) : NormalizerStep
{
    public override string Apply(string fragment, bool isFirst)
    {
        var text = new StringBuilder(fragment.Length);
        foreach (Rune rune in fragment.EnumerateRunes())
        {
            if (CleansText && IsLeftOut(rune))
            {
                continue;
            }

            if (PartsChinese && IsChinese(rune.Value))
            {
                text.Append(' ').Append(rune).Append(' ');
            }
            else
            {
                text.Append(CleansText && Rune.IsWhiteSpace(rune) ? new Rune(' ') : rune);
            }
        }

        string clean = text.ToString();
        clean = StripsAccents ? StripAccentsStep.Strip(CanonicalComposition.Decompose(clean)) : clean;
        return Lowercases ? LowercaseStep.Lower(clean) : clean;
    }

    private static bool IsLeftOut(Rune rune) => rune.Value is 0 or 0xFFFD
        || (rune.Value is not ('\t' or '\n' or '\r') && Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse);

    // The blocks that BERT's tokenizer names; one begin is off by 0x100 in Hugging Face's library, whose ids these are.
    private static bool IsChinese(int c) => c
        is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}

/// <summary>Leaves out marks that stand on the letter before; the text is decomposed already where that is wanted.</summary>
internal sealed record StripAccentsStep : NormalizerStep
{
    public override string Apply(string fragment, bool isFirst) => Strip(fragment);

    public static string Strip(string text)
    {
        var stripped = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark)
            {
                stripped.Append(rune);
            }
        }

        return stripped.ToString();
    }
}

/// <summary>Small letters, each by itself.</summary>
internal sealed record LowercaseStep : NormalizerStep
{
    public override string Apply(string fragment, bool isFirst) => Lower(fragment);

    // The one letter whose small form is two characters; the runtime leaves it as it is.
    public static string Lower(string text) => text.Replace("\u0130", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();
}

/// <summary>Canonical decomposition (form D).</summary>
internal sealed record DecomposeStep : NormalizerStep
{
    public override string Apply(string fragment, bool isFirst) => CanonicalComposition.Decompose(fragment);
}
