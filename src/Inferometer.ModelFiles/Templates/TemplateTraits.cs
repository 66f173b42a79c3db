using Inferometer.Core;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Templates;

/// <summary>What is known of a template by looking at what it writes for a conversation of two exchanges.</summary>
/// <param name="EndTokens">The tokens behind an answer.</param>
/// <param name="WritesBos">Whether it begins with the token that begins a text.</param>
internal sealed record TemplateTraits(IReadOnlyList<int> EndTokens, bool WritesBos)
{
    // Words that no template looks for or changes.
    private const string First = "gulls", Second = "herons";

    /// <summary>Nothing known.</summary>
    public static TemplateTraits None { get; } = new([], WritesBos: false);

    /// <summary>Renders and looks. A template that refuses even these conversations shows nothing.</summary>
    public static TemplateTraits Of(ChatTemplate template, Tokenizer tokenizer)
    {
        ChatTurn[] turns =
        [
            new(ChatTurn.User, "Which birds?"), new(ChatTurn.Assistant, First),
            new(ChatTurn.User, "And then?"), new(ChatTurn.Assistant, Second),
        ];
        if ((Render(template, turns) ?? Render(template, turns[..3])) is not { } text)
        {
            return None;
        }

        // Of two forms the last one is that of an answer just given: gpt-oss marks the ends of earlier ones in another way. Templates that
        // close the last turn with nothing, as GLM's, show by the beginning of the next turn where an answer ends.
        int? end = MarkerBehind(Second, text, tokenizer) ?? MarkerBehind(First, text, tokenizer);
        return new TemplateTraits(
            end is int id ? [id] : [],
            tokenizer.BosId is int bos && text.StartsWith(tokenizer.TokenText(bos), StringComparison.Ordinal));
    }

    private static string? Render(ChatTemplate template, ChatTurn[] turns)
    {
        try
        {
            return template.Render(turns, addGenerationPrompt: turns[^1].Role is ChatTurn.User);
        }
        catch (InferometerException)
        {
            return null;
        }
    }

    private static int? MarkerBehind(string answer, string text, Tokenizer tokenizer)
    {
        int at = text.LastIndexOf(answer, StringComparison.Ordinal);
        return at < 0 ? null : tokenizer.MarkerAt(text[(at + answer.Length)..].TrimStart());
    }
}
