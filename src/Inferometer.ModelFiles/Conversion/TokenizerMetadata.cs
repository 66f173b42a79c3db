using System.Globalization;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>The <c>tokenizer.*</c> keys of a GGUF file, from the tokenizer files of a Hugging Face folder.</summary>
internal static class TokenizerMetadata
{
    /// <param name="writer">The file being made.</param>
    /// <param name="tokenizer">The tokenizer of the folder.</param>
    /// <param name="files">The files it was made of.</param>
    /// <param name="rows">Rows of the embedding; a shorter vocabulary is filled up with unused tokens.</param>
    /// <exception cref="InferometerException">The tokenizer is missing, of a kind GGUF cannot carry, or larger than the
    /// embedding.</exception>
    public static void Write(GgufWriter writer, Tokenizer tokenizer, TokenizerFiles files, int rows)
    {
        if (tokenizer.VocabularySize > rows)
        {
            throw new InferometerException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{tokenizer.Source}: has {tokenizer.VocabularySize} tokens, the embedding only {rows} rows."));
        }

        JsonElement root = files.Tokenizer;
        if (EncoderVocabulary.Write(writer, root, tokenizer.Source, rows) is { } spelling)
        {
            WriteTokens(writer, tokenizer, rows, spelling);
            return;
        }

        List<(string Left, string Right)> merges = [.. Merges(root, tokenizer.Source)];
        var pipeline = TokenizerJsonPipeline.Read(root, tokenizer.Source);
        if (pipeline.Normalizer.Any(step => step is ComposeStep))
        {
            writer.Set("tokenizer.ggml.normalizer.nfc", true);
        }

        if (pipeline.Spelling == TokenSpelling.ByteLevel)
        {
            writer.Set("tokenizer.ggml.model", "gpt2");
            writer.Set("tokenizer.ggml.pre", PreTokenizerName(root, tokenizer.Source));
            writer.Set("tokenizer.ggml.merges", [.. merges.Select(merge => merge.Left + " " + merge.Right)]);
        }
        else
        {
            writer.Set("tokenizer.ggml.model", "llama");
            writer.Set("tokenizer.ggml.pre", "default");
            writer.Set("tokenizer.ggml.scores", Scores(tokenizer, merges, rows));
            writer.Set("tokenizer.ggml.add_space_prefix", tokenizer.StripsLeadingSpace);
        }

        WriteTokens(writer, tokenizer, rows, (text, _) => text);
    }

    private static void WriteTokens(GgufWriter writer, Tokenizer tokenizer, int rows, Func<string, TokenKind, string> spelling)
    {
        var texts = new string[rows];
        int[] kinds = new int[rows];
        for (int id = 0; id < rows; id++)
        {
            bool known = id < tokenizer.VocabularySize && !string.IsNullOrEmpty(tokenizer.TokenText(id));
            texts[id] = known
                ? spelling(tokenizer.TokenText(id), tokenizer.KindOf(id))
                : string.Create(CultureInfo.InvariantCulture, $"[PAD{id}]");
            kinds[id] = (int)(known ? tokenizer.KindOf(id) : TokenKind.Unused);
        }

        writer.Set("tokenizer.ggml.tokens", texts);
        writer.Set("tokenizer.ggml.token_type", kinds);
        SetId(writer, "bos_token_id", tokenizer.BosId ?? IdOf(tokenizer, "cls_token"));
        WriteEnds(writer, tokenizer);
        SetId(writer, "unknown_token_id", tokenizer.UnknownId);
        SetId(writer, "padding_token_id", tokenizer.PadId);
        EncoderVocabulary.WriteEnds(writer, tokenizer);
        int[] added = tokenizer.Encode("");
        int? first = tokenizer.BosId ?? IdOf(tokenizer, "cls_token");
        int? last = tokenizer.EosIds.Count > 0 ? tokenizer.EosIds[0] : IdOf(tokenizer, "sep_token");
        writer.Set("tokenizer.ggml.add_bos_token", added.Length > 0 && added[0] == first);
        writer.Set("tokenizer.ggml.add_eos_token", added.Length > 0 && added[^1] == last);
        if (tokenizer.HasPairs)
        {
            writer.Set("tokenizer.ggml.add_sep_token", true);
        }

        WriteTemplates(writer, tokenizer);
    }

    // BERT's begin and end go by the names of the tasks they were made for.
    private static int? IdOf(Tokenizer tokenizer, string name) =>
        tokenizer.SpecialTokens.GetValueOrDefault(name) is { } text && tokenizer.TryGetId(text, out int id) ? id : null;

    /// <summary>
    /// The format has places for three ends: of text, of turn and of message. The known turn markers of a vocabulary are ends without being
    /// named, so that the second and third place go to ends that nobody would know.
    /// </summary>
    private static void WriteEnds(GgufWriter writer, Tokenizer tokenizer)
    {
        int[] further = [.. tokenizer.EosIds.Skip(1).Where(id => !TurnMarkers.IsKnown(tokenizer.TokenText(id))).Take(2)];
        SetId(writer, "eos_token_id", tokenizer.EosIds.Count > 0 ? tokenizer.EosIds[0] : IdOf(tokenizer, "sep_token"));
        SetId(writer, "eot_token_id", further.Length > 0 ? further[0] : null);
        SetId(writer, "eom_token_id", further.Length > 1 ? further[1] : null);
    }

    private static void WriteTemplates(GgufWriter writer, Tokenizer tokenizer)
    {
        if (tokenizer.ChatTemplateText is string template)
        {
            writer.Set("tokenizer.chat_template", template);
        }

        string[] named = [.. tokenizer.ChatTemplates.Keys.Where(name => name is not "default")];
        foreach (string name in named)
        {
            writer.Set("tokenizer.chat_template." + name, tokenizer.ChatTemplates[name]);
        }

        if (named.Length > 0)
        {
            writer.Set("tokenizer.chat_templates", named);
        }
    }

    /// <summary>
    /// SentencePiece joins the pair whose result has the highest score, so scores fall in the order in which the merges first make each
    /// piece; pieces no merge makes follow in the order of their ids.
    /// </summary>
    private static float[] Scores(Tokenizer tokenizer, List<(string Left, string Right)> merges, int rows)
    {
        var order = new List<int>(rows);
        var placed = new HashSet<int>();
        foreach ((string left, string right) in merges)
        {
            if (tokenizer.TryGetId(left + right, out int id) && placed.Add(id))
            {
                order.Add(id);
            }
        }

        order.AddRange(
            Enumerable.Range(0, tokenizer.VocabularySize).Where(id => tokenizer.KindOf(id) == TokenKind.Normal && placed.Add(id)));
        float[] scores = new float[rows];
        for (int place = 0; place < order.Count; place++)
        {
            scores[order[place]] = -place;
        }

        return scores;
    }

    private static IEnumerable<(string Left, string Right)> Merges(JsonElement root, string source) =>
        root.GetProperty("model").GetProperty("merges").EnumerateArray().Select((merge, rank) => merge.ValueKind == JsonValueKind.Array
            ? (merge[0].GetString()!, merge[1].GetString()!)
            : MergeText.Parse(merge.GetString()!, rank, source));

    private static string PreTokenizerName(JsonElement root, string source)
    {
        List<string> patterns = [.. Patterns(root.Member("pre_tokenizer"))];
        return PreTokenizers.NameOf(patterns, root.Member("model").Member("ignore_merges").IsTrue()) ?? throw new InferometerException(
            $"{source}: GGUF names pre-tokenizers, and none of the known names stands for the patterns {string.Join(" then ", patterns)}.");
    }

    private static IEnumerable<string> Patterns(JsonElement step) => step.Member("type").StringOrNull() switch
    {
        "Sequence" => step.GetProperty("pretokenizers").EnumerateArray().SelectMany(Patterns),
        "Split" => [PreTokenizerPatterns.Canonical(step.Member("pattern").Member("Regex").StringOrNull() ?? "")],
        "Digits" => [step.Member("individual_digits").IsTrue() ? PreTokenizerPatterns.OneDigit : PreTokenizerPatterns.Digits],
        "ByteLevel" when step.Member("use_regex").ValueKind != JsonValueKind.False => [PreTokenizerPatterns.Gpt2],
        _ => [],
    };

    private static void SetId(GgufWriter writer, string name, int? id)
    {
        if (id is int value)
        {
            writer.Set("tokenizer.ggml." + name, (uint)value);
        }
    }
}
