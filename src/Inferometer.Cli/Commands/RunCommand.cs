using System.CommandLine;
using Inferometer.Cli.Generation;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Generation;
using Inferometer.Reports.Generation;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer run</c>: lets a model continue a prompt, or talks.</summary>
internal sealed class RunCommand
{
    private readonly Argument<string?> _model = ModelArgument.OrBundled();

    private readonly Option<string> _prompt = new("--prompt", "-p") { HelpName = "TEXT", Description = "The prompt. Without it: standard input when that is a file or pipe, else a conversation." };
    private readonly Option<int?> _limit = new("--max-tokens", "-n") { HelpName = "N", Description = "Most tokens to generate; -1 = until the model ends or the context is full. [default: 256, with a chat template -1]" };
    private readonly Option<int> _beams = new("--beams") { HelpName = "N", Description = "Beam search over N beams instead of sampling; prints the best.", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _system = new("--system") { HelpName = "TEXT", Description = "System prompt." };
    private readonly Option<string> _template = new("--chat-template") { HelpName = "NAME", Description = "Chat template, or a .jinja file; a wrong name lists the known ones. [default: the one stored with the model]" };
    private readonly Option<bool> _raw = new("--raw") { Description = "Continue the text as it is, without a chat template." };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Print the memory plan before loading, and rates and statistics after the answer." };
    private readonly Option<OutputFormat> _format = FormatOption();
    private readonly SamplingArguments _sampling = new();
    private readonly EngineOptions _engine = new();
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
            "inferometer run ./qwen3-0.6b-q8_0.gguf -p \"List three rivers as JSON.\" --json",
            "inferometer run ./llama-3.2-3b --draft ./llama-3.2-1b -p \"Explain paging.\" --verbose",
            "inferometer run ./model.gguf --raw --logprobs 3 -n 8 -p \"The capital of France is\"")
        {
            self._model, self._prompt, self._limit,
        };
        self._sampling.AddTo(command);
        foreach (Option option in (ReadOnlySpan<Option>)[self._system, self._template, self._raw, self._beams])
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
        using ModelLocation location = ModelLocation.Resolve(parsed.GetValue(_model));
        InferenceOptions options = _engine.Read(parsed, location, settings.Beams);
        SamplingDefaults recommended = location.Files.SamplingDefaults;
        settings = settings with { Sampling = _sampling.Read(parsed, recommended) };
        using Interrupt interrupt = new(cancellationToken);
        using LoadedModel model = LoadedModel.Load(_printer, location, options, _engine.Lora(parsed), settings.Verbose, interrupt.Token);
        if (settings.Verbose && settings.Beams == 1)
        {
            _printer.Error.WriteLine(_sampling.Describe(parsed, recommended));
            _printer.Error.WriteLine();
        }

        PromptFormat format = PromptFormat.For(
            model.Engine.Tokenizer, parsed.GetValue(_template), parsed.GetValue(_raw), parsed.GetValue(_system), _printer.Error.WriteLine);
        if (settings.Prompt is null)
        {
            await new ChatLoop(model, format, settings, _printer, Console.In, interrupt).RunAsync().ConfigureAwait(false);
            return ExitCode.Success;
        }

        GenerationRequest request = settings.Complete(format.Request(settings.Prompt), format, model);
        Task work = settings.Beams > 1 ? SearchAsync(model, settings, request, interrupt.Token)
            : settings.AsJson ? GenerateAsync(model, settings, request, interrupt.Token)
            : StreamAsync(model, settings, request, interrupt.Token);
        await work.ConfigureAwait(false);
        return ExitCode.Success;
    }

    private async Task StreamAsync(LoadedModel model, RunSettings settings, GenerationRequest request, CancellationToken cancellationToken)
    {
        using OutputPipe? pipe = OutputPipe.TryOpen(_printer.Output);
        TokenPrinter stream = new(pipe?.Writer ?? _printer.Output, model.Engine.Tokenizer);
        try
        {
            await foreach (GenerationUpdate update in model.Engine.StreamAsync(request, cancellationToken).ConfigureAwait(false))
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

        Report(model, settings, stream.Last?.Usage);
    }

    private async Task GenerateAsync(LoadedModel model, RunSettings settings, GenerationRequest request, CancellationToken cancellationToken)
    {
        GenerationResult result = await model.Engine.GenerateAsync(request, cancellationToken).ConfigureAwait(false);
        _printer.Print(RunDocument.Of(Subject(model, request), result), OutputFormat.Json);
        Report(model, settings, result.Usage);
    }

    private async Task SearchAsync(LoadedModel model, RunSettings settings, GenerationRequest request, CancellationToken cancellationToken)
    {
        int[] prompt = model.Engine.Tokenizer.Encode(request.Prompt!, addSpecial: true, parseSpecial: request.ParseSpecialTokens);
        IReadOnlyList<BeamHypothesis> beams = await model.Engine.BeamSearchAsync(
            new BeamSearchRequest
            {
                PromptTokens = prompt,
                BeamWidth = settings.Beams,
                MaxNewTokens = request.MaxNewTokens ?? Math.Max(1, model.Engine.MaxSequenceTokens - prompt.Length),
                Adapter = request.Adapter,
            },
            cancellationToken).ConfigureAwait(false);
        if (settings.AsJson)
        {
            _printer.Print(RunDocument.Of(Subject(model, request), beams), OutputFormat.Json);
        }
        else
        {
            _printer.Output.WriteLine(beams[0].Text);
        }

        Report(model, settings, null);
    }

    private static RunSubject Subject(LoadedModel model, GenerationRequest request) =>
        new(model.Location.Name, request.Prompt!, model.Engine.Tokenizer, model.LoadSeconds);

    private void Report(LoadedModel model, RunSettings settings, GenerationUsage? usage)
    {
        if (!settings.Verbose)
        {
            return;
        }

        _printer.Error.WriteLine();
        foreach (string line in (usage is null ? [] : RateReport.Lines(usage, model.LoadSeconds)).Concat(RateReport.Lines(model.Engine.Statistics)).Append(RateReport.Memory()))
        {
            _printer.Error.WriteLine(line);
        }
    }

    private RunSettings Read(ParseResult parsed)
    {
        int beams = parsed.GetValue(_beams);
        int? limit = parsed.GetValue(_limit);
        bool asJson = parsed.GetValue(_format) == OutputFormat.Json;
        Require(beams is >= 1 and <= 64, $"--beams: {beams} is not allowed; it must be 1 to 64.");
        Require(limit is null or -1 or >= 1, $"--max-tokens: {limit} is not allowed; it must be 1 or more, or -1 for no limit.");
        if (beams > 1 && _sampling.AnyGiven(parsed))
        {
            throw new UsageException("--beams searches for the most probable text; the options of sampling do not apply to it.");
        }

        if (parsed.GetValue(_raw) && (parsed.GetValue(_template) ?? parsed.GetValue(_system)) is not null)
        {
            throw new UsageException("--raw leaves out chat templates; --chat-template and --system contradict it.");
        }

        string? prompt = Prompt(parsed);
        if (prompt is null && (asJson || beams > 1))
        {
            throw new UsageException("--beams and --format json need a prompt.");
        }

        return new RunSettings
        {
            Prompt = prompt,
            Sampling = _sampling.Read(parsed, SamplingDefaults.None),
            MaxNewTokens = limit,
            Beams = beams,
            AsJson = asJson,
            Verbose = parsed.GetValue(_verbose),
        };
    }

    private string? Prompt(ParseResult parsed)
    {
        if (parsed.GetValue(_prompt) is { } text)
        {
            return text.Length > 0 ? text : throw new UsageException("--prompt: the text is empty.");
        }

        if (!Console.IsInputRedirected)
        {
            return null;
        }

        // Editors and echo end a file with a line end that is no part of the prompt.
        string piped = Console.In.ReadToEnd().TrimEnd('\r', '\n');
        return piped.Length > 0 ? piped : throw new InferometerException("Standard input is empty; give a prompt there or with -p.");
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new UsageException(message);
        }
    }

    private static Option<OutputFormat> FormatOption() => new("--format")
    {
        HelpName = "text|json",
        Description = "Stream text, or print one JSON document with tokens and times at the end. [default: text]",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value.ToLowerInvariant();
            if (text is not ("text" or "json"))
            {
                result.AddError($"--format: '{result.Tokens[0].Value}' is not allowed; it must be text or json.");
            }

            return text is "json" ? OutputFormat.Json : OutputFormat.Table;
        },
    };
}
