using System.Collections.Frozen;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// The markers with which published chat models end a turn or a text. Files name one or two of them as their end tokens and often forget
/// the one that the model was trained to write, or give it the type of ordinary text; so these count wherever a vocabulary has them.
/// </summary>
internal static class TurnMarkers
{
    // Longer texts are no markers; bounds the search for one.
    private const int LongestMarker = 64;

    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.Ordinal,
        "<|im_end|>", // ChatML: Qwen, Yi, SmolLM, Kimi and many others
        "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", // Llama 3, Granite
        "<|eot|>", "<|eom|>", // Llama 4
        "<|end|>", "<|return|>", "<|call|>", // Phi; gpt-oss
        "<end_of_turn>", "<turn|>", // Gemma
        "<|endoftext|>", // GPT-2 and what follows it
        "<|end_of_turn|>", "<|END_OF_TURN_TOKEN|>", // OpenChat, Command
        "<EOT>", "_<EOT>", "<|EOT|>", "<|end_of_sentence|>", "<｜end▁of▁sentence｜>", // DeepSeek
        "<end_of_utterance>", "[|endofturn|]", "<|endofturn|>"); // SmolVLM, EXAONE, HyperCLOVA

    // Spelled as markup is spelled too: these count only where the file itself calls them control tokens.
    private static readonly string[] KnownAsControl = ["</s>", "<eos>"];

    /// <summary>Whether a text is one of the markers, whatever type a file gives it.</summary>
    public static bool IsKnown(string text) => Known.Contains(text);

    /// <summary>
    /// What ends a turn: the tokens that a model's files declare, in their order, then the known markers of the vocabulary by their ids.
    /// </summary>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="declared">Ids in the vocabulary that the model's files name as ends.</param>
    public static IReadOnlyList<int> Endings(Vocabulary vocabulary, IEnumerable<int> declared)
    {
        HashSet<int> found = [];
        foreach (string text in Known)
        {
            if (vocabulary.TryGetId(text, out int id))
            {
                found.Add(id);
            }
        }

        foreach (string text in KnownAsControl)
        {
            if (vocabulary.TryGetId(text, out int id) && vocabulary.Kinds[id] == TokenKind.Control)
            {
                found.Add(id);
            }
        }

        // gpt-oss ends a message with <|end|> and goes on; its turn ends with one of the other two.
        if (vocabulary.TryGetId("<|end|>", out int message) && vocabulary.TryGetId("<|return|>", out _)
            && vocabulary.TryGetId("<|call|>", out _))
        {
            found.Remove(message);
        }

        return [.. declared.Concat(found.Order()).Distinct()];
    }

    /// <summary>Whether a text is spelled as markers are: in angle or square brackets, without white space.</summary>
    public static bool LooksLikeOne(ReadOnlySpan<char> text) =>
        text.Length is >= 3 and <= LongestMarker && text is ['<', .., '>'] or ['[', .., ']'] && !text.ContainsAny(" \t\r\n");

    /// <summary>
    /// The token of the marker that a text begins with, or null. A control token counts however it is spelled; others only where they look
    /// like a marker, since user-defined tokens are mostly words or indentation.
    /// </summary>
    public static int? AtStart(string text, Vocabulary vocabulary, AddedTokenMatcher added)
    {
        if (added.Find(text, 0, parseSpecial: true, out int start, out _) is { } token && start == 0
            && text.StartsWith(token.Text, StringComparison.Ordinal)
            && (vocabulary.Kinds[token.Id] == TokenKind.Control || LooksLikeOne(token.Text)))
        {
            return token.Id;
        }

        // A marker that the file lists among the ordinary tokens.
        for (int length = Math.Min(LongestMarker, text.Length); length >= 3; length--)
        {
            if (LooksLikeOne(text.AsSpan(0, length)) && vocabulary.TryGetId(text[..length], out int id))
            {
                return id;
            }
        }

        return null;
    }
}
