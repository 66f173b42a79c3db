using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Recording;
using Inferometer.Cli.Settings;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.History.Records;
using Inferometer.Measurement.Evaluation;
using Inferometer.Reports.Benchmarks;
using Inferometer.Reports.Evaluation;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer perplexity</c>: how well a model predicts a text.</summary>
internal sealed class PerplexityCommand
{
    private readonly PathArgument _model = ModelArgument.Required();
    private readonly PathArgument _file = new("FILE", PathUse.ReadFile, "A text in UTF-8.", isOptional: false);
    private readonly ValueOption<int> _window = new(
        ["--ctx", "-c"], Domains.Whole(2, int.MaxValue, "TOKENS"), "Tokens per window.", "the model's longest context, at most 2048");

    private readonly ValueOption<int> _windows =
        new(["--windows"], Domains.Whole(1, int.MaxValue), "Most windows.", "all that the text fills");
    private readonly ValueOption<PerplexityMethod> _method = new(
        ["--method"],
        Domains.Word(("all", PerplexityMethod.AllTokens), ("llama.cpp", PerplexityMethod.SecondHalf)),
        "What counts in a window: all tokens after the first, or as llama.cpp counts, its second half.",
        "all")
    { Fallback = PerplexityMethod.AllTokens };

    private readonly ValueOption<int> _threads = EngineSettings.ThreadsOption();
    private readonly ValueOption<string> _kv = KvArgument.ExactOption();
    private readonly FlagOption _repack = RepackedFileOption.Create();
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly RecordingSettings _recording = new();
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
        self._recording.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        RunRecording recording = RunRecording.Begin(parsed, _recording, _printer);
        using ModelLocation location = ModelLocation.Resolve(_model.Of(parsed));
        string text = File.ReadAllText(_file.Of(parsed)!);
        PerplexityOptions options = new() { WindowTokens = _window.Of(parsed), Windows = _windows.Of(parsed), Method = _method.Of(parsed) };
        using Interrupt interrupt = new(cancellationToken);
        using TransformerModel model = Load(location, _threads.Of(parsed), RepackedFileOption.Use(_repack.Of(parsed)), interrupt.Token);
        using ShareProgress progress = new(_printer, "perplexity");
        PerplexityEvaluator evaluator = new(model, location.Files.Tokenizer, KvArgument.ElementOf(_kv.Of(parsed)));
        long start = Stopwatch.GetTimestamp();
        PerplexityResult result = evaluator.Run(
            text,
            options,
            progress.From<PerplexityProgress>(
                p => ((double)p.WindowsDone / p.Windows,
                string.Create(CultureInfo.InvariantCulture, $"{p.PerplexitySoFar:0.0000} so far"))),
            interrupt.Token);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _printer.Print(PerplexityPage.Of(location.Name, _file.Of(parsed)!, options.Method, result, seconds), _format.Of(parsed));
        recording.Keep(() => new RunDraft(
            RunKind.Perplexity, RunArm.Measured, location.Name, BenchReport.Processor(), RecordedBenchmarks.Of(result, seconds)));
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
}
