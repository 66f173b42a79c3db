using System.Globalization;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Synthesis;

/// <summary>
/// A SentencePiece-style vocabulary: three specials, 256 bytes, printable characters, then made-up words. Any text can be encoded.
/// </summary>
internal static class SyntheticVocabulary
{
    private const char Space = '\u2581';

    public static void Write(GgufWriter writer, int size)
    {
        var texts = new List<string>(size) { "<unk>", "<s>", "</s>" };
        var kinds = new List<int>(size) { (int)TokenKind.Unknown, (int)TokenKind.Control, (int)TokenKind.Control };
        foreach ((string text, TokenKind kind) in Bytes().Concat(Characters()).Concat(Words()).Take(size - texts.Count))
        {
            texts.Add(text);
            kinds.Add((int)kind);
        }

        writer.Set("tokenizer.ggml.model", "llama");
        writer.Set("tokenizer.ggml.pre", "default");
        writer.Set("tokenizer.ggml.tokens", texts);
        writer.Set("tokenizer.ggml.scores", [.. kinds.Select((kind, id) => kind == (int)TokenKind.Normal ? -1f - id : 0f)]);
        writer.Set("tokenizer.ggml.token_type", kinds);
        writer.Set("tokenizer.ggml.bos_token_id", 1u);
        writer.Set("tokenizer.ggml.eos_token_id", 2u);
        writer.Set("tokenizer.ggml.unknown_token_id", 0u);
        writer.Set("tokenizer.ggml.add_bos_token", true);
    }

    private static IEnumerable<(string Text, TokenKind Kind)> Bytes() =>
        Enumerable.Range(0, 256).Select(value => (string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), TokenKind.Byte));

    private static IEnumerable<(string Text, TokenKind Kind)> Characters() =>
        Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code).Prepend(Space)
            .Select(letter => (letter.ToString(), TokenKind.Normal));

    private static IEnumerable<(string Text, TokenKind Kind)> Words() =>
        Enumerable.Range(0, int.MaxValue).Select(i => (string.Create(
            CultureInfo.InvariantCulture, $"{(i % 2 == 0 ? Space.ToString() : "")}w{i}"), TokenKind.Normal));
}
