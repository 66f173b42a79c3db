using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Tokenization;

public sealed class StreamingDetokenizerTests
{
    private static readonly Tokenizer ByteLevel = Handmade.ByteLevel(["e r", "Ġ t", "à ¤", "ð Ł"]);
    private static readonly Tokenizer SentencePiece =
        Handmade.SentencePiece(true, ("\u2581", -1), ("e", -1), ("\u2581e", -0.5f), ("日本", -0.1f));

    [Fact]
    public void A_character_is_held_back_until_it_is_complete()
    {
        var detokenizer = new StreamingDetokenizer(ByteLevel);
        Assert.Equal("a", detokenizer.Append('a'));
        Assert.Equal("", detokenizer.Append(0xF0));
        Assert.Equal("", detokenizer.Append(0x9F));
        Assert.Equal("", detokenizer.Append(0x98));
        Assert.Equal("😀", detokenizer.Append(0x80));
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void A_broken_character_ends_as_one_replacement()
    {
        var detokenizer = new StreamingDetokenizer(ByteLevel);
        Assert.Equal("", detokenizer.Append(0xE6));
        Assert.Equal("\uFFFDx", detokenizer.Append('x'));
        Assert.Equal("", detokenizer.Append(0xE6));
        Assert.Equal("", detokenizer.Append(0x97));
        Assert.Equal("\uFFFD", detokenizer.Flush());
    }

    [Fact]
    public void The_leading_space_goes_once_and_only_from_a_whole_text()
    {
        int spaceE = 259 + 2;
        var whole = new StreamingDetokenizer(SentencePiece);
        Assert.Equal(["", "e", " e"], [whole.Append(1), whole.Append(spaceE), whole.Append(spaceE)], StringComparer.Ordinal);
        var continued = new StreamingDetokenizer(SentencePiece, isContinuation: true);
        Assert.Equal(" e", continued.Append(spaceE));
    }

    [Fact]
    public void Pieces_of_any_text_join_to_the_whole()
    {
        foreach (Tokenizer tokenizer in (Tokenizer[])[ByteLevel, SentencePiece])
        {
            Prop.ForAll(AnyText.Valid, text => JoinsToTheWhole(tokenizer, tokenizer.Encode(text))).QuickCheckThrowOnFailure();
        }
    }

    [Fact]
    public void Pieces_of_any_tokens_join_to_the_whole()
    {
        foreach (Tokenizer tokenizer in (Tokenizer[])[ByteLevel, SentencePiece])
        {
            Arbitrary<int[]> ids = Gen.Choose(0, tokenizer.VocabularySize - 1).ArrayOf().ToArbitrary();
            Prop.ForAll(ids, tokens => JoinsToTheWhole(tokenizer, tokens)).QuickCheckThrowOnFailure();
        }
    }

    [Fact]
    public void Any_bytes_decode_as_utf8_does()
    {
        Arbitrary<int[]> bytes = Gen.Choose(0, 255).ArrayOf().ToArbitrary();
        Prop.ForAll(bytes, ids => string.Equals(
            Encoding.UTF8.GetString([.. ids.Select(id => (byte)id)]), ByteLevel.Decode(ids), StringComparison.Ordinal))
                .QuickCheckThrowOnFailure();
    }

    private static bool JoinsToTheWhole(Tokenizer tokenizer, int[] ids)
    {
        var detokenizer = new StreamingDetokenizer(tokenizer);
        List<string> pieces = [.. ids.Select(detokenizer.Append)];
        Assert.All(pieces, piece => Assert.False(piece.Length > 0 && char.IsHighSurrogate(piece[^1])));
        pieces.Add(detokenizer.Flush());
        return string.Equals(string.Concat(pieces), tokenizer.Decode(ids), StringComparison.Ordinal);
    }
}
