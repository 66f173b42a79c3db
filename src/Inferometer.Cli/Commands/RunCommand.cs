using System.CommandLine;
using System.Text.Json;
using Inferometer.Cli.Generation;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Generation;
using Inferometer.Reports.Generation;
using Inferometer.Reports.Writers;
using Inferometer.Scheduling;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer run</c>: lets a model continue a prompt, or talks.</summary>
internal sealed class RunCommand
{
    private readonly PathArgument _model = ModelArgument.OrBundled();
    private readonly ValueOption<string> _prompt = new(
        ["--prompt", "-p"], Domains.AnyText(), "The prompt. Without it: standard input when that is a file or pipe, else a conversation.");

    private readonly ValueOption<int> _limit = new(
        ["--max-tokens", "-n"],
        new("N", "1 or more, or -1", Limit),
        "Most tokens to generate; -1 = until the model ends or the context is full.",
        "256, with a chat template -1");

    private readonly ValueOption<int> _beams = new(
        ["--beams"], Domains.Whole(1, 64), "Beam search over N beams instead of sampling; prints the best.")
    { Fallback = 1 };

    private readonly ValueOption<string> _system = new(["--system"], Domains.AnyText(), "System prompt.");
    private readonly ValueOption<string> _template = new(
        ["--chat-template"],
        Domains.Text("NAME"),
        "Chat template: a built-in one, one stored with the model, or a .jinja file; a wrong name lists the known ones.",
        "the one stored with the model");

    private readonly ValueOption<Thinking> _think = new(
        ["--think"], Domains.Word(("auto", Thinking.Auto), ("on", Thinking.On), ("off", Thinking.Off)),
        "Reasoning before the answer, by the variables of the chat template; it is shown on standard error.")
    { Fallback = Thinking.Auto };

    private readonly RepeatedOption<KeyValuePair<string, JsonElement>> _variables = new(
        ["--template-var"], new("NAME=VALUE", null, Variable),
        "Sets a variable of the chat template, such as enable_thinking=false or reasoning_effort=low; VALUE is JSON, else a text.");

    private readonly FlagOption _raw = new(["--raw"], "Continue the text as it is, without a chat template.");
    private readonly FlagOption _verbose = new(
        ["--verbose", "-v"], "Print the memory plan before loading, and rates and statistics after the answer.");

    private readonly ValueOption<OutputFormat> _format = FormatOptions.OfText();
    private readonly SamplingArguments _sampling = new();
    private readonly EngineSettings _engine = new();
    private readonly Printer _printer;

    private RunCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        RunCommand self = new(printer);
        ExampleCommand command = new(
            "run",
            "Runs a model on this machine: continues a prompt, or talks when there is none.",
            "inferometer run -p \"Once upon a time\"",
            "inferometer run -p \"Once upon a time\" --temp 0 -n 64 --verbose",
            "inferometer run ./qwen3-0.6b-q8_0.gguf",
            "inferometer run ./qwen3-0.6b-q8_0.gguf -p \"List three rivers as JSON.\" --json-schema ./rivers.schema.json",
            "inferometer run ./qwen3-0.6b-q8_0.gguf -p \"What is 17 times 23?\" --think off",
            "inferometer run ./llama-3.2-3b --draft ./llama-3.2-1b -p \"Explain paging.\" --verbose",
            "inferometer run ./model.gguf --raw --logprobs 3 -n 8 -p \"The capital of France is\"")
        {
            self._model, self._prompt, self._limit,
        };
        self._sampling.AddTo(command);
        foreach (Option option in (ReadOnlySpan<Option>)[self._system, self._template, self._think, self._variables, self._raw,
            self._beams])
        {
            command.Options.Add(option);
        }

        self._engine.AddTo(command);
        command.Options.Add(self._verbose);
        command.Options.Add(self._format);
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        RunSettings settings = Read(parsed);
        using ModelLocation location = ModelLocation.Resolve(_model.Of(parsed));
        InferenceOptions options = _engine.Read(parsed, location, settings.Beams, _printer);
        SamplingDefaults recommended = location.Files.SamplingDefaults;
        settings = settings with { Sampling = _sampling.Read(parsed, recommended) };
        using Interrupt interrupt = new(cancellationToken);
        using LoadedEngine model = LoadedEngine.Load(_printer, location, options, _engine.Lora(parsed), settings.Verbose, interrupt.Token);
        foreach (string note in location.Files.Notes)
        {
            _printer.Error.WriteLine("note: " + note);
        }

        if (settings.Verbose && settings.Beams == 1)
        {
            _printer.Error.WriteLine(_sampling.Describe(parsed, recommended));
            _printer.Error.WriteLine();
        }

        PromptFormat format = PromptFormat.For(
                model.Engine.Tokenizer, _template.Of(parsed), _raw.Of(parsed), _system.Of(parsed), _printer.Error.WriteLine)
            .With(
                _think.Of(parsed) switch { Thinking.On => true, Thinking.Off => false, _ => null },
                _variables.Of(parsed).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal));
        if (settings.Prompt is null)
        {
            await new ChatLoop(model, format, settings, _printer, Console.In, interrupt).RunAsync().ConfigureAwait(false);
            return ExitCode.Success;
        }

        PreparedPrompt prompt = format.Request(settings.Prompt, settings.Sampling.Constraint);
        prompt = prompt with { Request = settings.Complete(prompt.Request, format, model) };
        RequireRoom(parsed, model, prompt.Request);
        Task work = settings.Beams > 1 ? SearchAsync(model, settings, prompt, interrupt.Token)
            : settings.AsJson ? GenerateAsync(model, settings, prompt, interrupt.Token)
            : StreamAsync(model, settings, prompt, interrupt.Token);
        await work.ConfigureAwait(false);
        return ExitCode.Success;
    }

    // The engine refuses it as well, but knows nothing of the options.
    private void RequireRoom(ParseResult parsed, LoadedEngine model, GenerationRequest request)
    {
        (int tokens, int most) = (model.CountTokens(request), model.Engine.MaxSequenceTokens);
        if (tokens + (long)(request.MaxNewTokens ?? 1) <= most)
        {
            return;
        }

        string fault = tokens < most && parsed.IsGiven(_limit)
            ? $"{_limit.Name} (-n): {request.MaxNewTokens} new tokens behind {tokens} of the prompt"
            : $"{_prompt.Name}: {tokens} tokens, and what is generated behind them,";
        throw new InferometerException(
            $"{fault} are more than a sequence may have: {most} tokens, by --ctx or what the model allows.");
    }

    private async Task StreamAsync(LoadedEngine model, RunSettings settings, PreparedPrompt prompt, CancellationToken cancellationToken)
    {
        using OutputPipe? pipe = OutputPipe.TryOpen(_printer.Output);
        TokenPrinter stream = new(pipe?.Writer ?? _printer.Output, model.Engine.Tokenizer, prompt.Reader, new ReasoningPrinter(_printer));
        try
        {
            await foreach (GenerationUpdate update in model.Engine.StreamAsync(prompt.Request, cancellationToken).ConfigureAwait(false))
            {
                stream.Write(update);
            }

            stream.EndLine();
        }
        catch (IOException) when (pipe is not null)
        {
            return; // whoever read the output has seen enough
        }
        catch (OperationCanceledException)
        {
            stream.EndLine();
            throw;
        }

        NoteEnd(model, stream.Last?.FinishReason, stream.Last?.Usage);
        Report(model, settings, stream.Last?.Usage);
    }

    private async Task GenerateAsync(
        LoadedEngine model, RunSettings settings, PreparedPrompt prompt, CancellationToken cancellationToken)
    {
        GenerationResult result = await model.Engine.GenerateAsync(prompt.Request, cancellationToken).ConfigureAwait(false);
        AnswerPart[] parts = prompt.Reader is { } reader ? [.. reader.Append(result.Text).ToArray(), .. reader.Complete()] : [];
        string? reasoning = prompt.Reader is null ? null : TextOf(parts, AnswerPartKind.Reasoning);
        string text = prompt.Reader is null ? result.Text : TextOf(parts, AnswerPartKind.Text);
        _printer.Print(RunDocument.Of(Subject(model, prompt), result, text, reasoning), OutputFormat.Json);
        NoteEnd(model, result.FinishReason, result.Usage);
        Report(model, settings, result.Usage);
    }

    private async Task SearchAsync(LoadedEngine model, RunSettings settings, PreparedPrompt prompt, CancellationToken cancellationToken)
    {
        GenerationRequest request = prompt.Request;
        int[] tokens = request.Prompt is { } text ? model.Engine.Tokenizer.EncodePrompt(text) : request.PromptTokens.ToArray();
        IReadOnlyList<BeamHypothesis> beams = await model.Engine.BeamSearchAsync(
            new BeamSearchRequest
            {
                PromptTokens = tokens,
                BeamWidth = settings.Beams,
                MaxNewTokens = request.MaxNewTokens ?? Math.Max(1, model.Engine.MaxSequenceTokens - tokens.Length),
                StopTokens = request.Sampling?.StopTokens ?? [],
                Adapter = request.Adapter,
            },
            cancellationToken).ConfigureAwait(false);
        if (settings.AsJson)
        {
            _printer.Print(RunDocument.Of(Subject(model, prompt), beams), OutputFormat.Json);
        }
        else
        {
            _printer.Output.WriteLine(beams[0].Text);
        }

        Report(model, settings, null);
    }

    private static string TextOf(AnswerPart[] parts, AnswerPartKind kind) =>
        string.Concat(parts.Where(part => part.Kind == kind).Select(part => part.Text));

    private static RunSubject Subject(LoadedEngine model, PreparedPrompt prompt) =>
        new(model.Location.Name, prompt.Text, model.Engine.Tokenizer, model.LoadSeconds);

    private void NoteEnd(LoadedEngine model, FinishReason? reason, GenerationUsage? usage)
    {
        if (ContextEnd.Note(model.Engine, reason, usage) is { } note)
        {
            _printer.Error.WriteLine("note: " + note);
        }
    }

    private void Report(LoadedEngine model, RunSettings settings, GenerationUsage? usage)
    {
        if (!settings.Verbose)
        {
            return;
        }

        _printer.Error.WriteLine();
        foreach (string line in (usage is null ? [] : RateReport.Lines(usage, model.LoadSeconds)).Concat(
            RateReport.Lines(model.Engine.Statistics)).Append(RateReport.Memory()))
        {
            _printer.Error.WriteLine(line);
        }
    }

    private RunSettings Read(ParseResult parsed)
    {
        int beams = _beams.Of(parsed);
        bool asJson = _format.Of(parsed) == OutputFormat.Json;
        _engine.RequireConsistent(parsed);
        if (beams > 1 && _sampling.Given(parsed) is { Length: > 0 } sampling)
        {
            throw new UsageException(
                $"{string.Join(", ", sampling)}: {_beams.Name} {beams} searches for the most probable text and does not choose tokens so; "
                    + $"leave one or the other out.");
        }

        if (_raw.Of(parsed) && new Option[] { _template, _system, _think, _variables }.Any(parsed.IsGiven))
        {
            throw new UsageException(
                "--raw leaves out chat templates; --chat-template, --system, --think and --template-var contradict it.");
        }

        string? prompt = Prompt(parsed);
        if (prompt is null && (asJson || beams > 1))
        {
            string which = beams > 1 ? $"{_beams.Name} {beams}" : $"{_format.Name} json";
            throw new UsageException($"{which} needs a prompt: give {_prompt.Name} TEXT.");
        }

        return new RunSettings
        {
            Prompt = prompt,
            Sampling = _sampling.Read(parsed, SamplingDefaults.None),
            MaxNewTokens = parsed.Given(_limit),
            Beams = beams,
            AsJson = asJson,
            Verbose = _verbose.Of(parsed),
        };
    }

    private string? Prompt(ParseResult parsed)
    {
        if (_prompt.Of(parsed) is { } text)
        {
            return text.Length > 0 ? text : throw new UsageException("--prompt: the text is empty.");
        }

        if (!Console.IsInputRedirected)
        {
            return null;
        }

        // Editors and echo end a file with a line end that is no part of the prompt.
        string piped = StandardInput.ReadText().TrimEnd('\r', '\n');
        return piped.Length > 0 ? piped : throw new InferometerException("Standard input is empty; give a prompt there or with -p.");
    }

    private static KeyValuePair<string, JsonElement> Variable(string text, string origin)
    {
        int at = text.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0)
        {
            throw Domains.Wrong(origin, text, "NAME=VALUE, such as enable_thinking=false");
        }

        string value = text[(at + 1)..];
        JsonElement json;
        try
        {
            json = JsonElement.Parse(value);
        }
        catch (JsonException)
        {
            json = JsonElement.Parse($"\"{JsonEncodedText.Encode(value)}\""); // a text needs no quotes
        }

        return KeyValuePair.Create(text[..at], json);
    }

    private static int Limit(string text, string origin) => Domains.TryWhole(text, out int limit) && limit is -1 or >= 1
        ? limit
        : throw Domains.Wrong(origin, text, $"a whole number from 1 to {int.MaxValue}, or -1");
}
