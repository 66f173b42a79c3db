using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Cli.Generation;

/// <summary>How what a user writes becomes the text a model continues: a chat template, or nothing at all.</summary>
/// <param name="Tokenizer">The model's tokenizer.</param>
/// <param name="Template">The template, or null for plain continuation.</param>
/// <param name="System">System prompt, or null.</param>
internal sealed record PromptFormat(Tokenizer Tokenizer, ChatTemplate? Template, string? System)
{
    private ChatFormat? _format;

    /// <summary>Variables of the template.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    private ChatFormat? Format => _format ??= Template is null ? null : ChatFormat.For(Template, Tokenizer);

    /// <summary>The format for a model: the template named, else the one stored with the model, else plain continuation.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="name">Template named by the user, or null.</param>
    /// <param name="raw">The user wants plain continuation.</param>
    /// <param name="system">System prompt, or null.</param>
    /// <param name="note">Told what the user should know.</param>
    /// <exception cref="InferometerException">A system prompt without a template to hold it, or an unknown name.</exception>
    public static PromptFormat For(Tokenizer tokenizer, string? name, bool raw, string? system, Action<string> note)
    {
        ChatTemplate? template = raw
            ? null
            : name is not null ? ChatTemplate.Get(name, tokenizer)
            : tokenizer.ChatTemplateText is null ? null : ChatTemplate.For(tokenizer, note);
        return template is not null || system is null
            ? new PromptFormat(tokenizer, template, system)
            : throw new InferometerException(
                "--system: the model has no chat template to put a system prompt into; "
                + "name one with --chat-template, such as chatml or plain.");
    }

    /// <summary>The same with what the template is told of reasoning, and further variables.</summary>
    /// <param name="isThinking">Reasoning on or off; null = as the template does by itself.</param>
    /// <param name="variables">Variables by their names.</param>
    /// <exception cref="InferometerException">There is no template, or it cannot turn reasoning on or off.</exception>
    public PromptFormat With(bool? isThinking, IReadOnlyDictionary<string, JsonElement> variables)
    {
        if (Format is null)
        {
            return isThinking is null && variables.Count == 0 ? this : throw new InferometerException(
                "--think and --template-var are for chat templates, and the model has none; name one with --chat-template.");
        }

        Dictionary<string, JsonElement> all = new(
            isThinking is { } isOn ? Format.ThinkingVariables(isOn) : new Dictionary<string, JsonElement>(StringComparer.Ordinal),
            StringComparer.Ordinal);
        foreach ((string name, JsonElement value) in variables)
        {
            all[name] = value;
        }

        return this with { Variables = all };
    }

    /// <summary>The request for a first message.</summary>
    public PreparedPrompt Request(string text, OutputConstraint? constraint = null) =>
        Request([new ChatTurn(ChatTurn.User, text)], constraint);

    /// <summary>The request for the answer to a conversation; without a template, for the continuation of its last message.</summary>
    public PreparedPrompt Request(IReadOnlyList<ChatTurn> turns, OutputConstraint? constraint = null)
    {
        if (Template is null || Format is null)
        {
            string text = turns[^1].Content;
            return new PreparedPrompt(
                new GenerationRequest { Prompt = text, ParseSpecialTokens = true, Sampling = new() { Constraint = constraint } }, text,
                Reader: null);
        }

        RenderedPrompt prompt = Template.Render(
            new ChatPrompt
            {
                Turns = System is null ? turns : [new ChatTurn(ChatTurn.System, System), .. turns],
                Variables = Variables,
                FoldsSystemTurn = true,
            },
            Tokenizer);
        GenerationRequest request = new()
        {
            PromptTokens = prompt.Encode(Tokenizer),
            ShownTokens = Format.ShownTokens,
            Sampling = new() { Constraint = constraint is null ? null : Format.ConstraintFor(prompt, constraint) },
        };
        return new PreparedPrompt(request, prompt.Text, Format.HasReasoning ? Format.Read(prompt, []) : null);
    }
}
