using System.CommandLine;
using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Reports.Generation;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer tokenize</c>: the tokens of a text or a conversation, as <c>run</c> gives them to the model.</summary>
internal sealed class TokenizeCommand
{
    private readonly PathArgument _model = ModelArgument.Required();
    private readonly TextArgument _text = new("TEXT", "The text. Without it, and without --messages: standard input.");
    private readonly FlagOption _chat = new(["--chat"], "The text is a user's turn in the model's chat template.");
    private readonly PathOption _messages = new(
        ["--messages"], PathUse.ReadFile,
        "A conversation instead of a text: a JSON array of messages, each with role and content, for the chat template.");

    private readonly ValueOption<string> _system = new(["--system"], Domains.AnyText(), "System prompt of the conversation.");
    private readonly ValueOption<string> _template = new(
        ["--chat-template"],
        Domains.Text("NAME"),
        "Chat template: a built-in one, one stored with the model, or a .jinja file; a wrong name lists the known ones.",
        "the one stored with the model");

    private readonly FlagOption _special = new(["--special"], "Read the written form of control tokens in the text as those tokens.");
    private readonly FlagOption _bare = new(["--bare"], "Leave out the tokens that the tokenizer puts around a text.");
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();

    private TokenizeCommand()
    {
    }

    public static Command Create(Printer printer)
    {
        TokenizeCommand self = new();
        ExampleCommand command = new(
            "tokenize",
            "Shows the tokens of a text, or of a conversation as the model's chat template writes it, without loading the weights.",
            "inferometer tokenize ./qwen3-0.6b-q8_0.gguf \"Once upon a time\"",
            "inferometer tokenize ./qwen3-0.6b-q8_0.gguf \"Hi\" --chat --system \"Be brief.\"",
            "inferometer tokenize ./llama-3.2-1b --messages ./conversation.json --format json")
        {
            self._model, self._text, self._chat, self._messages, self._system, self._template, self._special, self._bare, self._format,
        };
        command.SetAction(parsed =>
        {
            self.RequireConsistent(parsed);
            using ModelLocation location = ModelLocation.Resolve(self._model.Of(parsed));
            Tokenizer tokenizer = location.Files.Tokenizer;
            (string text, int[] ids) = self.Encode(parsed, tokenizer);
            printer.Print(TokenPage.Of(location.Name, tokenizer, text, ids), self._format.Of(parsed));
            return ExitCode.Success;
        });
        return command;
    }

    private void RequireConsistent(ParseResult parsed)
    {
        bool messages = parsed.IsGiven(_messages), chat = _chat.Of(parsed) || messages;
        if (messages && _text.Of(parsed) is not null)
        {
            throw new UsageException("--messages is the conversation; a TEXT beside it has no place.");
        }

        if (!chat && (parsed.IsGiven(_system) || parsed.IsGiven(_template)))
        {
            throw new UsageException("--system and --chat-template need a conversation; give --chat or --messages.");
        }

        if (chat && _special.Of(parsed))
        {
            throw new UsageException("--special is for a TEXT; what a chat template writes is always read so.");
        }
    }

    private (string Text, int[] Ids) Encode(ParseResult parsed, Tokenizer tokenizer)
    {
        bool addSpecial = !_bare.Of(parsed);
        List<ChatTurn>? turns = _messages.Of(parsed) is { } file ? ReadMessages(file) : null;
        string text = turns is null ? Text(parsed) : "";
        if (turns is null && !_chat.Of(parsed))
        {
            return (text, tokenizer.Encode(text, addSpecial, _special.Of(parsed)));
        }

        turns ??= [new ChatTurn(ChatTurn.User, text)];
        if (_system.Of(parsed) is { } system)
        {
            turns.Insert(0, new ChatTurn(ChatTurn.System, system));
        }

        ChatTemplate template = _template.Of(parsed) is { } name ? ChatTemplate.Get(name, tokenizer)
            : tokenizer.ChatTemplateText is not null ? ChatTemplate.For(tokenizer)
            : throw new InferometerException(
                $"{tokenizer.Source}: the model has no chat template; name one with --chat-template, such as chatml or plain.");
        RenderedPrompt prompt = template.Render(
            new ChatPrompt { Turns = turns, AddGenerationPrompt = turns[^1].Role is not ChatTurn.Assistant, FoldsSystemTurn = true },
                tokenizer);
        return (prompt.Text, prompt.Encode(tokenizer, addSpecial));
    }

    private string Text(ParseResult parsed) => _text.Of(parsed)
        ?? (Console.IsInputRedirected
            ? StandardInput.ReadText()
            : throw new UsageException("TEXT is missing; give it, --messages, or a text on standard input."));

    private static List<ChatTurn> ReadMessages(string file)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = document.RootElement;
            return root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0
                ? [.. root.EnumerateArray().Select(ChatTurn.FromJson)]
                : throw new InferometerException($"{file}: a JSON array of messages is expected, with one message or more.");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{file}: cannot be read: {JsonFault.Describe(error)}", error);
        }
    }
}
