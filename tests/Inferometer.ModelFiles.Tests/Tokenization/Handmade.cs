using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

/// <summary>Small vocabularies whose encodings can be worked out by hand.</summary>
internal static class Handmade
{
    /// <summary>
    /// Byte-level: ids 0 to 255 are the bytes, 256 is <c>&lt;bos&gt;</c>, 257 <c>&lt;eos&gt;</c> (both control), 258 the
    /// user-defined <c>&lt;tool&gt;</c>, from 259 the products of the merges in order, then whole words without a merge.
    /// </summary>
    public static Tokenizer ByteLevel(
        string[] merges, string[]? words = null, string pre = "gpt-2", bool ignoreMerges = false)
    {
        string[] texts =
        [
            .. Enumerable.Range(0, 256).Select(value => ByteAlphabet.ToCharacter((byte)value).ToString()),
            "<bos>", "<eos>", "<tool>",
            .. merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal)),
            .. words ?? [],
        ];
        TokenKind[] kinds = [.. texts.Select(_ => TokenKind.Normal)];
        kinds[256] = kinds[257] = TokenKind.Control;
        kinds[258] = TokenKind.UserDefined;
        var vocabulary = new Vocabulary(texts, kinds, TokenSpelling.ByteLevel, "handmade");
        var table = new MergeTable(vocabulary, [.. merges.Select((merge, rank) => MergeText.Parse(merge, rank, "handmade"))]);
        return new Tokenizer(new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = new ByteLevelModel(vocabulary, table, unknownId: null, ignoreMerges),
            PreTokenizer = PreTokenizers.Get(pre, "handmade").Create(),
            AddedTokens =
            [
                new AddedToken("<bos>", 256, IsSpecial: true),
                new AddedToken("<eos>", 257, IsSpecial: true),
                new AddedToken("<tool>", 258, IsSpecial: false),
            ],
            Prefix = [256],
            BosId = 256,
            EosIds = [257],
        });
    }

    /// <summary>
    /// SentencePiece: 0 <c>&lt;unk&gt;</c>, 1 <c>&lt;s&gt;</c>, 2 <c>&lt;/s&gt;</c>, 3 to 258 the bytes, from 259 the pieces.
    /// </summary>
    public static Tokenizer SentencePiece(bool spacePrefix, params (string Text, float Score)[] pieces)
    {
        string[] texts =
            ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), .. pieces.Select(piece => piece.Text)];
        TokenKind[] kinds =
            [.. texts.Select(
                (_, id) =>
                    id switch { 0 => TokenKind.Unknown, 1 or 2 => TokenKind.Control, < 259 => TokenKind.Byte, _ => TokenKind.Normal })];
        float[] scores = [.. Enumerable.Repeat(0f, 259), .. pieces.Select(piece => piece.Score)];
        var vocabulary = new Vocabulary(texts, kinds, TokenSpelling.SentencePiece, "handmade");
        List<NormalizerStep> normalizer = [new ReplaceStep(" ", "\u2581")];
        if (spacePrefix)
        {
            normalizer.Insert(0, new PrependStep(" "));
        }

        return new Tokenizer(new TokenizerParts
        {
            Vocabulary = vocabulary,
            Model = new ScoredPieceModel(vocabulary, scores, unknownId: 0),
            Normalizer = normalizer,
            AddedTokens = [new AddedToken("<s>", 1, IsSpecial: true), new AddedToken("</s>", 2, IsSpecial: true)],
            StripsLeadingSpace = spacePrefix,
            Prefix = [1],
            BosId = 1,
            EosIds = [2],
            UnknownId = 0,
        });
    }
}
