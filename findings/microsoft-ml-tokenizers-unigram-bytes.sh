#!/usr/bin/env bash
# Microsoft.ML.Tokenizers 2.0.1, SentencePieceTokenizer on a unigram model (as T5, XLM-RoBERTa and ALBERT have).
# 1. With byte_fallback, a character outside the vocabulary becomes byte pieces whose ids are 255 too high: the piece <0xC3> has id 198 here,
#    453 is returned, which lies outside the vocabulary of 267. Models of the BPE kind are not concerned.
# 2. EncodeToTokens of the same text throws IndexOutOfRangeException, where EncodeToIds returns.
# 3. Without byte_fallback, characters outside the vocabulary that stand side by side give one unknown token each; SentencePiece
#    makes one of them all.
#
# Expected, as spm_encode of SentencePiece 0.1.97 prints for the very same bytes of a model: 259 261 198 172, 259 261 125 125 and, without
# byte_fallback, 3 5 0 twice. Seen: below.
#
# What follows for us: unigram models go through our own tokenizer (ModelFiles), checked against transformers' and SentencePiece's ids.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > unigram.cs <<'CS'
#:package Microsoft.ML.Tokenizers@2.0.1
using System.Text;
using Microsoft.ML.Tokenizers;

foreach (bool bytes in new[] { true, false })
{
    var tokenizer = SentencePieceTokenizer.Create(new MemoryStream(Model(bytes)), addBeginningOfSentence: false, addEndOfSentence: false);
    foreach (string text in new[] { "red green", "red \u00E9", "red zz" })
    {
        string pieces;
        try
        {
            pieces = string.Join(' ', tokenizer.EncodeToTokens(text, out _).Select(token => token.Id));
        }
        catch (IndexOutOfRangeException error)
        {
            pieces = error.GetType().Name;
        }

        Console.WriteLine($"bytes {bytes}, {text.Length} characters: {string.Join(' ', tokenizer.EncodeToIds(text))} | {pieces}");
    }
}

// A SentencePiece model as protobuf: three control pieces, 256 bytes or none, eight pieces of text.
static byte[] Model(bool bytes)
{
    MemoryStream model = new();
    Piece("<unk>", 0, 2);
    Piece("<s>", 0, 3);
    Piece("</s>", 0, 3);
    for (int value = 0; bytes && value < 256; value++)
    {
        Piece($"<0x{value:X2}>", 0, 6);
    }

    foreach (string text in new[] { "\u2581red", "\u2581green", "\u2581", "r", "e", "d", "g", "n" })
    {
        Piece(text, -text.Length - 1, 1);
    }

    // trainer_spec: model_type (3) unigram, byte_fallback (35)
    Message(0x12, bytes ? [0x18, 1, 0x98, 0x02, 1] : [0x18, 1]);
    // normalizer_spec: name (1) identity, add_dummy_prefix (3), remove_extra_whitespaces (4), escape_whitespaces (5)
    Message(0x1A, [0x0A, 8, .. "identity"u8, 0x18, 1, 0x20, 1, 0x28, 1]);
    return model.ToArray();

    void Message(byte tag, byte[] content) => model.Write([tag, (byte)content.Length, .. content]);

    void Piece(string text, float score, byte type)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Message(0x0A, [0x0A, (byte)utf8.Length, .. utf8, 0x15, .. BitConverter.GetBytes(score), 0x18, type]);
    }
}
CS
seen=$(dotnet run unigram.cs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
bytes True, 9 characters: 259 260 | 259 260
bytes True, 5 characters: 259 261 453 427 | IndexOutOfRangeException
bytes True, 6 characters: 259 261 380 380 | IndexOutOfRangeException
bytes False, 9 characters: 3 4 | 3 4
bytes False, 5 characters: 3 5 0 | 3 5 0
bytes False, 6 characters: 3 5 0 0 | 3 5 0 0
SEEN
