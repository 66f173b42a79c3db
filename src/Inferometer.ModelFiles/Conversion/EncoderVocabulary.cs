using System.Globalization;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>
/// The vocabularies of encoders as llama.cpp's files hold them: WordPiece with a space before what begins a word instead of the marks
/// before what goes on, and unigrams with what SentencePiece does to a text before.
/// </summary>
internal static class EncoderVocabulary
{
    private const char Blank = '\u2581';

    /// <summary>Writes what belongs to the kind, without the tokens.</summary>
    /// <param name="writer">The file being made.</param>
    /// <param name="root">The folder's <c>tokenizer.json</c>.</param>
    /// <param name="source">Its path, for messages.</param>
    /// <param name="rows">Places of the vocabulary.</param>
    /// <returns>How a token is spelt in the file; null where the kind is another.</returns>
    /// <exception cref="InferometerException">The tokenizer does something that such files have no word for.</exception>
    public static Func<string, TokenKind, string>? Write(GgufWriter writer, JsonElement root, string source, int rows)
    {
        switch (root.Member("model").Member("type").StringOrNull())
        {
            case "WordPiece":
                WriteWordPiece(writer, root, source);
                return Respelt;
            case "Unigram":
                WriteUnigrams(writer, root, source, rows);
                return (text, _) => text;
            default:
                return null;
        }
    }

    private static string Respelt(string text, TokenKind kind) => kind is TokenKind.Control or TokenKind.Unknown or TokenKind.Unused ? text
        : text.StartsWith("##", StringComparison.Ordinal) ? text[2..]
        : Blank + text;

    private static void WriteWordPiece(GgufWriter writer, JsonElement root, string source)
    {
        var pipeline = TokenizerJsonPipeline.Read(root, source);
        int longest = root.Member("model").Member("max_input_chars_per_word").Int32OrNull() ?? WordPieceModel.DefaultLongestWord;
        if (pipeline.Normalizer is not [BertStep { CleansText: true, PartsChinese: true } step]
            || !pipeline.Splits.SequenceEqual(PreTokenizers.Bert) || longest != WordPieceModel.DefaultLongestWord)
        {
            throw new InferometerException(
                $"{source}: WordPiece is written to GGUF files with BERT's own normalizer (clean_text, handle_chinese_chars) and "
                    + $"pre-tokenizer, and words of at most {WordPieceModel.DefaultLongestWord} characters; this tokenizer has others.");
        }

        writer.Set("tokenizer.ggml.model", "bert");
        writer.Set("tokenizer.ggml.pre", "default");

        // Readers that do not know these keys make letters small, or ask the vocabulary.
        writer.Set("tokenizer.ggml.normalizer.lowercase", step.Lowercases);
        writer.Set("tokenizer.ggml.normalizer.strip_accents", step.StripsAccents);
    }

    private static void WriteUnigrams(GgufWriter writer, JsonElement root, string source, int rows)
    {
        var pipeline = TokenizerJsonPipeline.Read(root, source);
        bool removes = false, adds = false;
        foreach (NormalizerStep step in pipeline.Normalizer)
        {
            switch (step)
            {
                case PrecompiledStep or ReplaceStep { Old: " ", New: "\u2581" }:
                    break;
                case WordsStep:
                    (removes, adds) = (true, true);
                    break;
                case StripStep or ReplacePatternStep { New: " " or "\u2581" }:
                    removes = true;
                    break;
                case PrependStep { Prefix: "\u2581" or " ", OnlyFirst: false }:
                    adds = true;
                    break;
                default:
                    throw new InferometerException(
                        $"{source}: unigrams are written to GGUF files with a table of characters and with blanks before words; the step "
                            + $"{step.GetType().Name} has no word there.");
            }
        }

        writer.Set("tokenizer.ggml.model", "t5");
        writer.Set("tokenizer.ggml.pre", "default");
        writer.Set("tokenizer.ggml.add_space_prefix", adds);
        writer.Set("tokenizer.ggml.remove_extra_whitespaces", removes);
        if (CharacterTable(root.Member("normalizer")) is { } table)
        {
            writer.Set("tokenizer.ggml.precompiled_charsmap", (ReadOnlyMemory<byte>)table);
        }

        float[] scores = new float[rows];
        int id = 0;
        foreach (JsonElement piece in root.Member("model").GetProperty("vocab").EnumerateArray().Take(rows))
        {
            scores[id++] = (float)piece[1].GetDouble();
        }

        writer.Set("tokenizer.ggml.scores", scores);
    }

    private static byte[]? CharacterTable(JsonElement normalizer) => normalizer.Member("type").StringOrNull() switch
    {
        "Sequence" => normalizer.GetProperty("normalizers").EnumerateArray().Select(CharacterTable)
            .FirstOrDefault(table => table is not null),
        "Precompiled" when normalizer.Member("precompiled_charsmap").ValueKind == JsonValueKind.String =>
            normalizer.GetProperty("precompiled_charsmap").GetBytesFromBase64(),
        _ => null,
    };

    /// <summary>Where a text begins and ends, and what parts two, under the names of these files.</summary>
    /// <param name="writer">The file being made.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    public static void WriteEnds(GgufWriter writer, Tokenizer tokenizer)
    {
        foreach ((string name, string key) in (ReadOnlySpan<(string, string)>)
            [("cls_token", "cls_token_id"), ("sep_token", "seperator_token_id"), ("mask_token", "mask_token_id")])
        {
            if (tokenizer.SpecialTokens.GetValueOrDefault(name) is { } text && tokenizer.TryGetId(text, out int id))
            {
                writer.Set(string.Create(CultureInfo.InvariantCulture, $"tokenizer.ggml.{key}"), (uint)id);
            }
        }
    }
}
