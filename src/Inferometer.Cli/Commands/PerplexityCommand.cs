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
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Evaluation;
using Inferometer.Reports.Benchmarks;
using Inferometer.Reports.Evaluation;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;
using Inferometer.Runners;

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

    private readonly ValueOption<DeviceChoice> _device = DeviceChoice.Option();
    private readonly ValueOption<int> _threads = EngineSettings.ThreadsOption();
    private readonly ValueOption<string> _kv = KvArgument.ExactOption();
    private readonly FlagOption _repack = RepackedFileOption.Create();
    private readonly RopeSettings _rope = new();
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
            self._model, self._file, self._window, self._windows, self._method, self._device, self._threads, self._kv, self._repack,
            self._format,
        };
        foreach (Option option in self._rope.All)
        {
            command.Options.Add(option);
        }

        self._recording.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        RunRecording recording = RunRecording.Begin(parsed, _recording, _printer);
        using ModelLocation location = ModelLocation.Resolve(_model.Of(parsed));
        _rope.Apply(parsed, location, parsed.Given(_window));
        string text = File.ReadAllText(_file.Of(parsed)!);
        PerplexityOptions options = new() { WindowTokens = _window.Of(parsed), Windows = _windows.Of(parsed), Method = _method.Of(parsed) };
        using Interrupt interrupt = new(cancellationToken);
        using IModelRunner runner = Load(parsed, location, options, interrupt.Token);
        using ShareProgress progress = new(_printer, "perplexity");
        PerplexityEvaluator evaluator = new(runner, location.Files.Tokenizer);
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

    private IModelRunner Load(
        ParseResult parsed, ModelLocation location, PerplexityOptions perplexity, CancellationToken cancellationToken)
    {
        int context = location.Files.Architecture.MaxContextTokens;
        int window = Math.Min(context, PerplexityEvaluator.WindowOf(perplexity, context));
        int blocks = (window + KvCache.BlockSize - 1) / KvCache.BlockSize;
        InferenceOptions options = new()
        {
            MaxBatchSize = 1,
            MaxSequenceTokens = context,
            Threads = _threads.Of(parsed),
            KvElement = KvArgument.ElementOf(_kv.Of(parsed)),
            RepackedFile = RepackedFileOption.Use(_repack.Of(parsed)),
        };
        IRunnerProvider? device = _device.Of(parsed).Find(_printer, location, options);
        using ShareProgress progress = new(_printer, "loading " + location.Name);
        IProgress<LoadProgress> share = progress.From<LoadProgress>(p => ((double)p.LoadedBytes / Math.Max(1, p.TotalBytes), p.Stage));
        if (device is not null)
        {
            return device.CreateRunner(location.Files, options, blocks, share, cancellationToken);
        }

        TransformerModel model = TransformerModel.Load(
            location.Files, new LoadOptions { Threads = options.Threads, RepackedFile = options.RepackedFile }, share, cancellationToken);
        try
        {
            RepackedFileOption.Explain(_printer, model.RepackedFile);
            return new CpuModelRunner(model, model.CreateCache(blocks, options.KvElement));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
