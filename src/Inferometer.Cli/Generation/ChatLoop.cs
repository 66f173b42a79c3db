using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Templates;
using Inferometer.Reports.Generation;

namespace Inferometer.Cli.Generation;

/// <summary>
/// A conversation at the terminal. With a chat template the model sees all turns, the oldest ones dropped when they no longer fit; without
/// one each entry
/// is continued by itself. Ctrl+C stops an answer, not the program.
/// </summary>
internal sealed class ChatLoop(
    LoadedEngine model, PromptFormat format, RunSettings settings, Printer printer, TextReader input, Interrupt interrupt)
{
    private const string Prompt = ">>> ";

    private const string LongerThanContext = "the conversation is longer than the context; --ctx makes that longer, /clear starts anew";

    // Part of the context kept free for the answer when no limit is given.
    private const int AnswerShare = 4;

    private readonly List<ChatTurn> _turns = [];
    private PromptFormat _format = format;
    private GenerationUsage? _lastUsage;

    /// <summary>Reads and answers until <c>/exit</c> or the end of input.</summary>
    public async Task RunAsync()
    {
        interrupt.TalkInTurns(() => printer.Error.Write($"{Environment.NewLine}/exit or Ctrl+D leaves.{Environment.NewLine}{Prompt}"));
        printer.Error.WriteLine(_format.Template is null
            ? $"{model.Location.Name} has no chat template: it continues what you write, each entry by itself. /help lists the commands."
            : $"{model.Location.Name}, chat template {_format.Template.Name}. /help lists the commands.");
        while (Read() is { } line)
        {
            if (line.StartsWith('/'))
            {
                if (!Obey(line))
                {
                    return;
                }
            }
            else if (line.Trim().Length > 0)
            {
                await AnswerAsync(line).ConfigureAwait(false);
            }
        }

        printer.Error.WriteLine();
    }

    private string? Read()
    {
        printer.Error.Write(Prompt);
        printer.Error.Flush();
        return input.ReadLine();
    }

    /// <summary>Carries out a command; false ends the conversation.</summary>
    private bool Obey(string line)
    {
        string[] words = line.Split(' ', 2, StringSplitOptions.TrimEntries);
        string rest = words.Length > 1 ? words[1] : "";
        switch (words[0])
        {
            case "/exit" or "/bye" or "/quit":
                return false;
            case "/clear":
                _turns.Clear();
                printer.Error.WriteLine("The conversation starts anew.");
                return true;
            case "/system":
                SetSystem(rest);
                return true;
            case "/stats":
                Report();
                return true;
            case "/help" or "/?":
                printer.Error.WriteLine("/system TEXT  set the system prompt (without TEXT: remove it) and start anew");
                printer.Error.WriteLine("/clear        start anew");
                printer.Error.WriteLine("/stats        show the rates of the last answer and what the engine did");
                printer.Error.WriteLine("/exit         leave; so does Ctrl+D. Ctrl+C stops an answer.");
                return true;
            default:
                printer.Error.WriteLine(
                    $"'{words[0]}' is no command.{Core.NameSuggestion.For(words[0], ["/system", "/clear", "/stats", "/exit", "/help"])} "
                        + $"/help lists them.");
                return true;
        }
    }

    private void SetSystem(string text)
    {
        if (_format.Template is null)
        {
            printer.Error.WriteLine(
                "The model has no chat template to put a system prompt into; start with --chat-template to choose one.");
            return;
        }

        _format = _format with { System = text.Length == 0 ? null : text };
        _turns.Clear();
        printer.Error.WriteLine(
            text.Length == 0
                ? "The system prompt is removed and the conversation starts anew."
                : "The system prompt is set and the conversation starts anew.");
    }

    private async Task AnswerAsync(string line)
    {
        _turns.Add(new ChatTurn(ChatTurn.User, line));
        Shorten();
        using Interrupt.Turn turn = interrupt.BeginTurn();
        TokenPrinter stream = new(printer.Output, model.Engine.Tokenizer);
        try
        {
            PreparedPrompt prompt = _format.Request(_turns, settings.Sampling.Constraint);
            stream = new(printer.Output, model.Engine.Tokenizer, prompt.Reader, new ReasoningPrinter(printer));
            GenerationRequest request = settings.Complete(prompt.Request, _format, model);
            await foreach (GenerationUpdate update in model.Engine.StreamAsync(request, turn.Source.Token).ConfigureAwait(false))
            {
                stream.Write(update);
            }
        }
        catch (OperationCanceledException) when (!interrupt.Token.IsCancellationRequested)
        {
            // What was said so far stays part of the conversation.
        }
        catch (Core.InferometerException fault)
        {
            _turns.RemoveAt(_turns.Count - 1);
            printer.Error.WriteLine("error: " + fault.Message);
            return;
        }

        stream.EndLine();
        if (ContextEnd.Note(model.Engine, stream.Last?.FinishReason, stream.Last?.Usage) is { } note)
        {
            printer.Error.WriteLine($"({note})");
        }

        Remember(stream);
    }

    private void Remember(TokenPrinter stream)
    {
        if (_format.Template is null)
        {
            _turns.Clear();
        }
        else
        {
            // Whether reasoning stays in the conversation is the template's business.
            _turns.Add(new ChatTurn(ChatTurn.Assistant, stream.Text) { Members = MembersOf(stream.Reasoning) });
        }

        _lastUsage = stream.Last?.Usage;
        if (settings.Verbose)
        {
            Report();
        }
    }

    /// <summary>Reasoning as templates name it: two ways, of which each template knows one.</summary>
    private static JsonElement? MembersOf(string? reasoning)
    {
        if (string.IsNullOrEmpty(reasoning))
        {
            return null;
        }

        JsonEncodedText text = JsonEncodedText.Encode(reasoning);
        return JsonElement.Parse($$"""{"reasoning_content":"{{text}}","thinking":"{{text}}"}""");
    }

    /// <summary>Drops the oldest exchanges until prompt and answer fit.</summary>
    private void Shorten()
    {
        int longest = model.Engine.MaxSequenceTokens;
        int room = longest - Math.Min(settings.LimitFor(_format, longest, 0) ?? (longest / AnswerShare), longest / 2);
        int dropped = 0;
        while (_turns.Count > 2 && model.CountTokens(_format.Request(_turns).Request) > room)
        {
            _turns.RemoveRange(0, 2);
            dropped++;
        }

        if (dropped > 0)
        {
            printer.Error.WriteLine(
                dropped == 1
                    ? $"(the oldest exchange was dropped: {LongerThanContext})"
                    : $"(the {dropped} oldest exchanges were dropped: {LongerThanContext})");
        }
    }

    private void Report()
    {
        IEnumerable<string> rates = _lastUsage is { } usage ? RateReport.Lines(usage, model.LoadSeconds) : [];
        foreach (string line in rates.Concat(RateReport.Lines(model.Engine.Statistics)))
        {
            printer.Error.WriteLine(line);
        }
    }
}
