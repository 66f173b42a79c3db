using System.Globalization;
using System.Text;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// Text with one UTF-16 unit per character, for matching: .NET patterns see a character beyond U+FFFF as two
/// surrogates, neither letter nor digit nor symbol. Here each is replaced by a rare character of the same Unicode
/// category, and places can be mapped back.
/// </summary>
internal sealed class CategoryShadow
{
    // Stands for every Chinese character beyond the first plane. It is a letter of 'Phags-pa, which itself becomes its neighbour;
    // in a text without characters beyond the first plane, which has no shadow, Kimi's pattern takes that letter for Chinese.
    private const char FarHan = '\uA840';
    private const char NextToFarHan = '\uA841';

    private readonly int[] _places;

    private CategoryShadow(char[] units, int[] places)
    {
        Units = units;
        _places = places;
    }

    /// <summary>The stand-in text.</summary>
    public char[] Units { get; }

    /// <summary>Builds the shadow of text without unpaired surrogates.</summary>
    public static CategoryShadow Of(string text)
    {
        var units = new char[text.Length];
        var places = new int[text.Length + 1];
        int count = 0;
        int at = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            units[count] = rune.Value == FarHan ? NextToFarHan : rune.IsBmp ? (char)rune.Value : StandIn(rune);
            places[count++] = at;
            at += rune.Utf16SequenceLength;
        }

        places[count] = at;
        return new CategoryShadow(units[..count], places);
    }

    /// <summary>The piece of the original text a piece of the shadow stands for.</summary>
    public TextPiece Original(TextPiece shadow)
    {
        int start = _places[shadow.Start];
        return new TextPiece(start, _places[shadow.Start + shadow.Length] - start);
    }

    private static char StandIn(Rune rune) => IsHan(rune.Value) ? FarHan : StandIn(Rune.GetUnicodeCategory(rune));

    // The blocks of the script Han beyond U+FFFF: extensions B to I, and compatibility characters. What is not assigned in them is no
    // letter.
    private static bool IsHan(int value) =>
        value is >= 0x20000 and <= 0x2FA1F or >= 0x30000 and <= 0x323AF
            && Rune.GetUnicodeCategory(new Rune(value)) == UnicodeCategory.OtherLetter;

    // None of these is matched by name or range in a published pattern (DeepSeek Coder's has U+0800 to U+9FA5 and U+AC00 to U+D7FF,
    // DeepSeek LLM's most letters with a case).
    private static char StandIn(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\uA790',
        UnicodeCategory.LowercaseLetter => '\u0561',
        UnicodeCategory.TitlecaseLetter => '\u01C5',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => '\u0620',
        UnicodeCategory.NonSpacingMark => '\u0300',
        UnicodeCategory.SpacingCombiningMark => '\uA823',
        UnicodeCategory.EnclosingMark => '\u0488',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\uA6E6',
        UnicodeCategory.OtherNumber => '\uA830',
        UnicodeCategory.ConnectorPunctuation => '\uFE33',
        UnicodeCategory.DashPunctuation => '\u058A',
        UnicodeCategory.OpenPunctuation => '\uFE35',
        UnicodeCategory.ClosePunctuation => '\uFE36',
        UnicodeCategory.InitialQuotePunctuation => '\u00AB',
        UnicodeCategory.FinalQuotePunctuation => '\u00BB',
        UnicodeCategory.OtherPunctuation => '\u055A',
        UnicodeCategory.MathSymbol => '\u0606',
        UnicodeCategory.CurrencySymbol => '\u058F',
        UnicodeCategory.ModifierSymbol => '\u02C2',
        UnicodeCategory.OtherSymbol => '\u0482',
        UnicodeCategory.Format => '\u0600',
        UnicodeCategory.PrivateUse => '\uE000',
        _ => '\u0378', // unassigned
    };
}
