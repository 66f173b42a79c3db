using System.Diagnostics.CodeAnalysis;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// The 256 printable characters by which GPT-2's tokenizer spells bytes: a byte that is a visible Latin-1 character
/// is written as itself, the remaining 68 in order as U+0100 and up.
/// </summary>
internal static class ByteAlphabet
{
    private const int Characters = 256 + 68;

    private static readonly char[] CharacterOfByte = new char[256];
    private static readonly short[] ByteOfCharacter = new short[Characters];

    static ByteAlphabet()
    {
        Array.Fill(ByteOfCharacter, (short)-1);
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool visible = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            int character = visible ? value : next++;
            CharacterOfByte[value] = (char)character;
            ByteOfCharacter[character] = (short)value;
        }
    }

    public static char ToCharacter(byte value) => CharacterOfByte[value];

    /// <summary>The bytes a token's text spells; false when a character is outside the alphabet.</summary>
    public static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        var result = new byte[text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            int value = text[i] < Characters ? ByteOfCharacter[text[i]] : -1;
            if (value < 0)
            {
                bytes = null;
                return false;
            }

            result[i] = (byte)value;
        }

        bytes = result;
        return true;
    }
}
