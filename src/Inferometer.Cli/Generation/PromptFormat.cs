using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Cli.Generation;

/// <summary>How what a user writes becomes the text a model continues: a chat template, or nothing at all.</summary>
/// <param name="Template">The template, or null for plain continuation.</param>
/// <param name="System">System prompt, or null.</param>
internal sealed record PromptFormat(ChatTemplate? Template, string? System)
{
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
            ? new PromptFormat(template, system)
            : throw new InferometerException(
                "--system: the model has no chat template to put a system prompt into; "
                + "name one with --chat-template, such as chatml or plain.");
    }

    /// <summary>The request for a first message.</summary>
    public GenerationRequest Request(string text) => Request([new ChatTurn(ChatTurn.User, text)]);

    /// <summary>The request for the answer to a conversation; without a template, for the continuation of its last message.</summary>
    public GenerationRequest Request(IReadOnlyList<ChatTurn> turns) => Template is null
        ? new GenerationRequest { Prompt = turns[^1].Content }
        : new GenerationRequest
        {
            Prompt = Template.Render(System is null ? turns : [new ChatTurn(ChatTurn.System, System), .. turns]),
            ParseSpecialTokens = true,
        };
}
