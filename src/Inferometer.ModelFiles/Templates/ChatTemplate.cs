using System.Text;
using Inferometer.Core;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Templates;

/// <summary>
/// Writes a conversation as the text a chat model was trained on. The text goes through
/// <see cref="Tokenizer.Encode"/> with special tokens added and parsed: it leaves out the token that begins a text,
/// because the tokenizer adds that where the model wants it. Immutable and thread-safe.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>The format used for models without a chat template of their own: each turn after the name of its role.</summary>
    public const string PlainName = "plain";

    private static readonly Dictionary<string, ChatTemplate> ByName =
        ChatFormats.All.ToDictionary(format => format.Name, format => new ChatTemplate(format), StringComparer.Ordinal);

    private readonly ChatFormat _format;

    private ChatTemplate(ChatFormat format) => _format = format;

    /// <summary>The names <see cref="Get"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. ChatFormats.All.Select(format => format.Name)];

    /// <summary>The name of the format.</summary>
    public string Name => _format.Name;

    /// <summary>Text at which an answer ends though the model gave no end token; empty for formats with end tokens.</summary>
    public IReadOnlyList<string> StopStrings => _format.StopStrings;

    /// <summary>The format of a name.</summary>
    /// <exception cref="InferometerException">The name is not known.</exception>
    public static ChatTemplate Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return ByName.TryGetValue(name, out ChatTemplate? template)
            ? template
            : throw new InferometerException($"Chat template '{name}' is not known; known are {string.Join(", ", Names)}.{NameSuggestion.For(name, Names)}");
    }

    /// <summary>The format a Jinja chat template produces, told by its marks; null when it is none of those known.</summary>
    public static ChatTemplate? Recognise(string jinja)
    {
        ArgumentNullException.ThrowIfNull(jinja);
        return ChatTemplateRecogniser.Recognise(jinja) is { } name ? ByName[name] : null;
    }

    /// <summary>The format of a model: that of its stored template where it is recognised, otherwise <see cref="PlainName"/>.</summary>
    public static ChatTemplate For(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return (tokenizer.ChatTemplateText is { } jinja ? Recognise(jinja) : null) ?? ByName[PlainName];
    }

    /// <summary>The text of a conversation.</summary>
    /// <param name="turns">At least one turn; a system turn, if any, comes first.</param>
    /// <param name="addGenerationPrompt">Ends with what makes the model answer.</param>
    /// <exception cref="InferometerException">No turns, an unknown role, a system turn that is not the first, or one without a user turn to hold it.</exception>
    public string Render(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt = true)
    {
        ArgumentNullException.ThrowIfNull(turns);
        Validate(turns);
        string? system = turns[0].Role is ChatTurn.System ? turns[0].Content : _format.DefaultSystemPrompt;
        int first = turns[0].Role is ChatTurn.System ? 1 : 0;
        int holder = _format.Placement is SystemPlacement.OwnTurn || system is null ? -1 : SystemHolder(turns);
        var text = new StringBuilder();
        if (system is not null)
        {
            system = _format.System.Before + (_format.Trimming is ContentTrimming.All ? system.Trim() : system) + _format.System.After;
            text.Append(holder < 0 ? system : "");
        }

        for (int i = first; i < turns.Count; i++)
        {
            bool isUser = turns[i].Role is ChatTurn.User;
            Frame frame = isUser ? _format.User : _format.Assistant;
            text.Append(isUser && i > first ? _format.BetweenExchanges : "");
            text.Append(frame.Before).Append(Content(turns[i], i == holder ? system! : "")).Append(frame.After);
        }

        return text.Append(addGenerationPrompt ? _format.GenerationPrompt : "").ToString();
    }

    private static void Validate(IReadOnlyList<ChatTurn> turns)
    {
        if (turns.Count == 0)
        {
            throw new InferometerException("A conversation needs at least one turn.");
        }

        for (int i = 0; i < turns.Count; i++)
        {
            if (turns[i].Role is not (ChatTurn.System or ChatTurn.User or ChatTurn.Assistant))
            {
                throw new InferometerException($"Chat role '{turns[i].Role}' is not known; known are system, user and assistant.");
            }

            if (i > 0 && turns[i].Role is ChatTurn.System)
            {
                throw new InferometerException("A system turn must be the first of a conversation, and there can be only one.");
            }
        }
    }

    private int SystemHolder(IReadOnlyList<ChatTurn> turns)
    {
        bool fromEnd = _format.Placement is SystemPlacement.LastUserTurn;
        for (int i = 0; i < turns.Count; i++)
        {
            int at = fromEnd ? turns.Count - 1 - i : i;
            if (turns[at].Role is ChatTurn.User)
            {
                return at;
            }
        }

        throw new InferometerException($"Chat template '{Name}' puts the system prompt into a user turn, and the conversation has none.");
    }

    private string Content(ChatTurn turn, string before)
    {
        string content = turn.Content;
        if (turn.Role is ChatTurn.User)
        {
            return _format.Trimming switch
            {
                ContentTrimming.All or ContentTrimming.Turns => before + content.Trim(),
                ContentTrimming.FoldedTurns => (before + content).Trim(),
                _ => before + content,
            };
        }

        int reasoningEnd = _format.ReasoningEnd is { } marker ? content.LastIndexOf(marker, StringComparison.Ordinal) : -1;
        if (reasoningEnd >= 0)
        {
            content = content[(reasoningEnd + _format.ReasoningEnd!.Length)..];
            content = _format.TrimsAfterReasoning ? content.TrimStart('\n') : content;
        }

        return _format.Trimming is ContentTrimming.None ? content : content.Trim();
    }
}
