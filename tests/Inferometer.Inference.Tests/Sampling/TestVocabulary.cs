using System.Globalization;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Tests.Sampling;

/// <summary>A small vocabulary: control tokens 0 to 2, the 256 bytes, then whole pieces.</summary>
internal static class TestVocabulary
{
    public const int End = 2;

    public static Tokenizer Create(params string[] pieces)
    {
        List<string> texts = ["<unk>", "<s>", "</s>"];
        List<TokenKind> kinds = [TokenKind.Unknown, TokenKind.Control, TokenKind.Control];
        for (int value = 0; value < 256; value++)
        {
            texts.Add(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"));
            kinds.Add(TokenKind.Byte);
        }

        texts.AddRange(pieces);
        kinds.AddRange(pieces.Select(_ => TokenKind.Normal));
        Vocabulary vocabulary = new([.. texts], [.. kinds], TokenSpelling.SentencePiece, "test vocabulary");
        return new Tokenizer(new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = new ScoredPieceModel(vocabulary, new float[texts.Count], unknownId: 0),
            EosIds = [End],
            SpecialTokens = new Dictionary<string, string>(StringComparer.Ordinal) { ["bos_token"] = "<s>", ["eos_token"] = "</s>" },
        });
    }

    public static int Byte(char value) => 3 + value;
}
