using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Weights;
using Inferometer.Measurement.Evaluation;
using Inferometer.Reports.Evaluation;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer perplexity</c>: how well a model predicts a text.</summary>
internal sealed class PerplexityCommand
{
    private readonly Argument<string> _model = ModelArgument.Required();
    private readonly Argument<string> _file = new("FILE") { Description = "A text in UTF-8." };
    private readonly Option<int> _window = new("--ctx", "-c") { HelpName = "TOKENS", Description = "Tokens per window. [default: the model's longest context, at most 2048]" };
    private readonly Option<int> _windows = new("--windows") { HelpName = "N", Description = "Most windows. [default: all that the text fills]" };
    private readonly Option<PerplexityMethod> _method = MethodOption();
    private readonly Option<int> _threads = EngineOptions.ThreadsOption();
    private readonly Option<KvElement?> _kv = EngineOptions.KvOption();
    private readonly Option<bool> _repack = RepackedFileOption.Create();
    private readonly Option<OutputFormat> _format = Printer.FormatOption();
    private readonly Printer _printer;

    private PerplexityCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        PerplexityCommand self = new(printer);
        ExampleCommand command = new(
            "perplexity",
            "Measures how well a model predicts a text: exp of the mean negative log-likelihood per token, over windows without overlap.",
            "inferometer perplexity ./model-q4_k.gguf wiki.test.raw",
            "inferometer perplexity ./model-q4_k.gguf wiki.test.raw --ctx 512 --method llama.cpp",
            "inferometer perplexity ./model-f16.gguf book.txt --windows 8 --format json")
        {
            self._model, self._file, self._window, self._windows, self._method, self._threads, self._kv, self._repack, self._format,
        };
        command.SetAction(self.Run);
        return command;
    }

    private Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using ModelLocation location = ModelLocation.Resolve(parsed.GetValue(_model));
        string text = File.ReadAllText(parsed.GetValue(_file)!);
        PerplexityOptions options = new() { WindowTokens = Given(parsed, _window, 2), Windows = Given(parsed, _windows, 1), Method = parsed.GetValue(_method) };
        using Interrupt interrupt = new(cancellationToken);
        using TransformerModel model = Load(location, EngineOptions.Threads(parsed, _threads), RepackedFileOption.Use(parsed.GetValue(_repack)), interrupt.Token);
        using ShareProgress progress = new(_printer, "perplexity");
        PerplexityEvaluator evaluator = new(model, location.Files.Tokenizer, parsed.GetValue(_kv) ?? KvElement.F16);
        long start = Stopwatch.GetTimestamp();
        PerplexityResult result = evaluator.Run(
            text,
            options,
            progress.From<PerplexityProgress>(p => ((double)p.WindowsDone / p.Windows, string.Create(CultureInfo.InvariantCulture, $"{p.PerplexitySoFar:0.0000} so far"))),
            interrupt.Token);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _printer.Print(PerplexityPage.Of(location.Name, parsed.GetValue(_file)!, options.Method, result, seconds), parsed.GetValue(_format));
        return Task.FromResult(ExitCode.Success);
    }

    private TransformerModel Load(ModelLocation location, int threads, RepackedFileUse repacked, CancellationToken cancellationToken)
    {
        using ShareProgress progress = new(_printer, "loading " + location.Name);
        TransformerModel model = TransformerModel.Load(
            location.Files,
            new LoadOptions { Threads = threads, RepackedFile = repacked },
            progress.From<LoadProgress>(p => ((double)p.LoadedBytes / Math.Max(1, p.TotalBytes), p.Stage)),
            cancellationToken);
        RepackedFileOption.Explain(_printer, model.RepackedFile);
        return model;
    }

    private static int Given(ParseResult parsed, Option<int> option, int least)
    {
        int value = parsed.GetValue(option);
        return parsed.GetResult(option) is null || value >= least
            ? value
            : throw new UsageException($"{option.Name}: {value} is not allowed; it must be {least} or more.");
    }

    private static Option<PerplexityMethod> MethodOption() => new("--method")
    {
        HelpName = "all|llama.cpp",
        Description = "What counts in a window: all tokens after the first, or as llama.cpp counts, its second half. [default: all]",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value.ToLowerInvariant();
            if (text is not ("all" or "llama.cpp"))
            {
                result.AddError($"--method: '{result.Tokens[0].Value}' is not allowed; it must be all or llama.cpp.");
            }

            return text is "all" ? PerplexityMethod.AllTokens : PerplexityMethod.SecondHalf;
        },
    };
}
