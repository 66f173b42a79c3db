using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Recording;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.History.Records;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Benchmarks;
using Inferometer.Measurement.Energy;
using Inferometer.Measurement.Models;
using Inferometer.Reports.Benchmarks;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer bench</c>: prompt processing and generation timed as llama-bench times them.</summary>
internal sealed partial class BenchCommand
{
    private const int MostTokens = int.MaxValue / 4;

    private readonly PathArgument _model = ModelArgument.OrBundled();
    private readonly ListOption<int> _prompt = new(
        ["--n-prompt", "-p"], Domains.Whole(0, MostTokens), "Prompt tokens; 0 = no such test.", [512]);

    private readonly ListOption<int> _generate = new(
        ["--n-gen", "-n"], Domains.Whole(0, MostTokens), "Generated tokens; 0 = no such test.", [128]);

    private readonly RepeatedOption<(int Prompt, int Generated)> _both = new(
        ["-pg"], new("P,G", "1 or more", Pair), "Also time P prompt and G generated tokens together.");

    private readonly ListOption<int> _depth = new(
        ["--n-depth", "-d"], Domains.Whole(0, MostTokens), "Tokens in the cache before timing starts.", [0]);

    private readonly ListOption<int> _sequences = new(
        ["--sequences", "-b"], Domains.Whole(1, 1024), "Sequences generated side by side.", [1]);

    private readonly ValueOption<DeviceChoice> _device = DeviceChoice.Option();
    private readonly ListOption<int> _threads = new(
        ["--threads", "-t"], Domains.Whole(1, 1024), "Worker threads.", [Environment.ProcessorCount], "all processors");

    private readonly ValueOption<int> _repetitions = new(
        ["--repetitions", "-r"], Domains.Whole(1, 1_000_000), "Timed repetitions of each test.")
    { Fallback = 5 };

    private readonly ValueOption<double> _warmUp = new(
        ["--warm-up"], Domains.Number(0, 3600, help: "SECONDS"), "Repeat each test this long, at least once, before timing it.")
    { Fallback = 1 };

    private readonly ValueOption<string> _kv = KvArgument.Option();
    private readonly FlagOption _noFlash = EngineSettings.NoFlashOption();
    private readonly FlagOption _repack = RepackedFileOption.Create();
    private readonly RopeSettings _rope = new();
    private readonly ValueOption<OutputFormat> _output = FormatOptions.OfBench();
    private readonly RecordingSettings _recording = new();
    private readonly Printer _printer;

    private BenchCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer) => new BenchCommand(printer).Build();

    /// <summary>The names under which the figures of a command line are kept, before it has run.</summary>
    /// <param name="printer">Where the command would print.</param>
    /// <param name="words">Arguments and options.</param>
    /// <returns>Null where the command line cannot be read, which it says better when it runs.</returns>
    public static IReadOnlyList<string>? FigureNames(Printer printer, IReadOnlyList<string> words)
    {
        BenchCommand self = new(printer);
        ParseResult parsed = self.Build().Parse(words);
        if (parsed.Errors.Count > 0 || self._device.Of(parsed).TakesGpu) // threads of a GPU's tests are not in their names
        {
            return null;
        }

        int[] threads = [.. self._threads.Of(parsed).Distinct()];
        string[] tests = [.. self.Tests(parsed).Select(t => t.Name)];
        return threads.Length == 1 ? tests : [.. tests.SelectMany(t => threads.Select(n => RecordedBenchmarks.KeyOf(t, n)))];
    }

    private ExampleCommand Build()
    {
        ExampleCommand command = new(
            "bench",
            "Times prompt processing and generation on this machine, with the tests and names of llama-bench; prints mean and standard "
                + "deviation of the repetitions.",
            "inferometer bench -p 64 -n 16 -r 1",
            "inferometer bench ./model-q8_0.gguf",
            "inferometer bench ./model-q8_0.gguf -pg 512,128 -d 0,4096 -t 1,2 -r 3",
            "inferometer bench ./model-q8_0.gguf -p 0 -n 64 -b 1,4,16 -o json",
            "inferometer bench ./model-q8_0.gguf --ablate")
        {
            _model, _prompt, _generate, _both, _depth, _sequences, _device, _threads, _repetitions, _warmUp, _kv, _noFlash, _repack,
                _ablate, _shared, _configuration, _output,
        };
        foreach (Option option in _rope.All)
        {
            command.Options.Add(option);
        }

        _recording.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.IsGiven(_shared) && !_ablate.Of(parsed))
        {
            throw new UsageException("--shared needs --ablate.");
        }

        RunRecording recording = RunRecording.Begin(parsed, _recording, _printer);
        ModelLocation location = ModelLocation.Resolve(_model.Of(parsed));
        int repetitions = _repetitions.Of(parsed);
        var warmUp = TimeSpan.FromSeconds(_warmUp.Of(parsed));
        if (_ablate.Of(parsed))
        {
            return Ablate(parsed, location, repetitions, warmUp, recording, cancellationToken);
        }

        _rope.Apply(parsed, location, contextTokens: null);
        ModelArchitecture architecture = location.Files.Architecture;
        BenchTest[] tests = Tests(parsed, architecture);
        int[] threads = _threads.Of(parsed);
        var kv = KvArgument.Read(_kv.Of(parsed), location);
        using Interrupt interrupt = new(cancellationToken);
        using EnergyMeter energy = _device.Of(parsed).TakesGpu ? EnergyMeter.OpenWithDevices() : EnergyMeter.Open();
        BenchRequest request = new()
        {
            Device = _device.Of(parsed).Find(_printer, location, new InferenceOptions
            {
                KvElement = kv.Element,
                KvCompression = kv.Compression,
                FlashAttention = !_noFlash.Of(parsed),
                RepackedFile = RepackedFileOption.Use(_repack.Of(parsed)),
                Threads = parsed.IsGiven(_threads) ? threads[0] : 0,
            }),
            Model = StoredModel.Read(location.Files),
            Tests = tests,
            Threads = threads,
            Repetitions = repetitions,
            WarmUp = warmUp,
            Cache = new BenchCache(kv.Element, kv.Compression),
            FlashAttention = !_noFlash.Of(parsed),
            RepackedFile = RepackedFileOption.Use(_repack.Of(parsed)),
            Energy = energy,
        };
        IReadOnlyList<BenchResult> results;
        using (Progress progress = new(_printer, "repetitions", threads.Length * tests.Length * repetitions))
        {
            results = BenchRun.Measure(request, progress.Advance, report => RepackedFileOption.Explain(_printer, report), interrupt.Token);
        }

        OutputFormat format = _output.Of(parsed);
        BenchReport report = new(request, results);
        _printer.Print(format is OutputFormat.Markdown or OutputFormat.Table ? report.Page : report.Document, format);
        recording.Keep(() => new RunDraft(
            RunKind.Bench, RunArm.Measured, location.Name, BenchReport.Processor(), RecordedBenchmarks.Of(results)));
        return Task.FromResult(ExitCode.Success);
    }

    private BenchTest[] Tests(ParseResult parsed)
    {
        int[] depths = _depth.Of(parsed);
        int[] sequences = _sequences.Of(parsed);
        List<(int Prompt, int Generated)> sizes =
        [
            .. _prompt.Of(parsed).Where(p => p > 0).Select(p => (p, 0)),
            .. _generate.Of(parsed).Where(n => n > 0).Select(n => (0, n)),
            .. _both.Of(parsed),
        ];
        BenchTest[] tests =
            [.. from d in depths from s in sequences from size in sizes select new BenchTest(size.Prompt, size.Generated, d, s)];
        return tests.Length > 0 ? tests
            : throw new UsageException("There is nothing to time: -p and -n are both 0 and there is no -pg.");
    }

    private BenchTest[] Tests(ParseResult parsed, ModelArchitecture model)
    {
        BenchTest[] tests = Tests(parsed);

        // A cache longer than the model was made for would time a network that nobody runs.
        BenchTest longest = tests.MaxBy(t => t.Length)!;
        return longest.Length <= model.MaxContextTokens
            ? tests
            : throw new InferometerException(
                $"{longest.Name}: sequences of {longest.Length} tokens are not possible; the model was made for up to "
                    + $"{model.MaxContextTokens}.");
    }

    private static (int Prompt, int Generated) Pair(string text, string origin)
    {
        Domain<int> tokens = Domains.Whole(1, MostTokens);
        return text.Split(',', StringSplitOptions.TrimEntries) is [var prompt, var generated]
            ? (tokens.Read(prompt, origin), tokens.Read(generated, origin))
            : throw Domains.Wrong(origin, text, "P,G, such as 512,128");
    }
}
