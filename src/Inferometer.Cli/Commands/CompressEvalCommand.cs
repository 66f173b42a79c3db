using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Recording;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Configuration;
using Inferometer.Compression.Profiles;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.History.Records;
using Inferometer.Measurement.Evaluation;
using Inferometer.Reports.Benchmarks;
using Inferometer.Reports.Compression;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary>
/// <c>inferometer compress eval</c>: quality, memory and speed of compressed caches against the exact one, in the same run.
/// </summary>
internal sealed class CompressEvalCommand
{
    private const int DecodeTokens = CacheComparison.DecodeTokens;

    private readonly PathOption _profile = new(["--profile"], PathUse.ReadFile, "A profile; all of its levels are measured.");
    private readonly ListOption<string> _kv = new(
        ["--kv"], KvValues.CompressedForEngine, "Caches to measure, separated by commas.", ["q8", "q4"],
            "q8,q4, and the levels of --profile");

    private readonly PathOption _text = new(["--text"], PathUse.ReadFile, "Text to predict.", "the file the profile was measured on");
    private readonly ValueOption<int> _windows =
        new(["--windows"], Domains.Whole(1, int.MaxValue), "Windows of the text.") { Fallback = 8 };
    private readonly ValueOption<int> _windowTokens = new(
        ["--window-tokens"], Domains.Whole(32, int.MaxValue), "Tokens of a window.", "the model's longest context, at most 1024");

    private readonly ListOption<int> _contexts = new(
        ["--contexts"],
        Domains.Whole(DecodeTokens, int.MaxValue),
        "Context lengths at which decoding is timed.",
        [],
        "a quarter of the model's longest context and all of it, at most 4096");

    private readonly ValueOption<int> _repetitions = new(
        ["--repetitions", "-r"], Domains.Whole(1, 1000), "Times that each speed is taken, all caches by turns.")
    { Fallback = 3 };
    private readonly PathOption _references = new(
        ["--references"], PathUse.ReadFile,
        "Also answer prompts with each cache and score the answers: JSON lines of 'prompt' and 'reference', a text or a list of texts.");

    private readonly ValueOption<int> _answerTokens = new(
        ["--answer-tokens"], Domains.Whole(1, 100_000), "Most tokens of an answer to --references.")
    { Fallback = 64 };

    private readonly CompressionSettings _settings = new(
        SettingNames.Strategy, SettingNames.ValueRankLow, SettingNames.ValueRankMedium, SettingNames.ValueRankHigh, SettingNames.KeyRank,
            SettingNames.HeadGroupSize, SettingNames.SinkTokens, SettingNames.RecentTokens);

    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly RecordingSettings _recording = new();
    private readonly Printer _printer;

    private CompressEvalCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        CompressEvalCommand self = new(printer);
        ExampleCommand command = new(
            "eval",
            "Measures compressed caches against the exact f16 cache in the same run: perplexity, divergence, agreement, bytes per "
                + "token, cache memory, decode speed at two context lengths, and peak memory.",
            "inferometer compress eval ./model.gguf --profile model.kvprofile --text book.txt",
            "inferometer compress eval ./model.gguf --kv q8,q4 --text book.txt --windows 4 --contexts 512,4096")
        {
            self._profile, self._kv, self._text, self._windows, self._windowTokens, self._contexts, self._references, self._answerTokens,
            self._repetitions, self._format,
        };
        self._recording.AddTo(command);
        self._settings.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        RunRecording recording = RunRecording.Begin(parsed, _recording, _printer);
        (ModelLocation location, ModelConfig modelConfig, CompressionConfig config) = _settings.Read(parsed);
        string? profilePath = _profile.Of(parsed);
        CompressionProfile? profile = profilePath is null ? null : CompressionProfile.Load(profilePath);
        string text = _text.Of(parsed)
            ?? (profile is not null && File.Exists(profile.HoldOutText)
                ? profile.HoldOutText
                : throw new UsageException("--text is needed: the file the profile was measured on is not here."));
        int windows = _windows.Of(parsed), rounds = _repetitions.Of(parsed);
        if (parsed.IsGiven(_answerTokens) && !parsed.IsGiven(_references))
        {
            throw new UsageException($"{_answerTokens.Name} needs {_references.Name}.");
        }

        GeneratedAnswers? answers = _references.Of(parsed) is { } references
            ? new GeneratedAnswers(location.Files.Tokenizer, ReferenceText.Read(references), _answerTokens.Of(parsed))
            : null;
        using Interrupt interrupt = new(cancellationToken);
        using TransformerModel model = modelConfig.Load(location.Files.Share(), interrupt.Token);
        KvCompression[] caches = Caches(parsed, location, model, config, profile, profilePath);
        int[] contexts = Contexts(parsed, model);
        CalibrationText source = CalibrationText.Read(text, location.Files.Tokenizer, model, _windowTokens.Of(parsed));
        int used = Math.Min(windows, source.Available);
        CacheComparison comparison;
        using (Progress progress = new(_printer, "timings", rounds * contexts.Length * (caches.Length + 1)))
        {
            comparison = CacheComparison.Measure(
                model, caches, source.Windows(used), contexts, rounds, progress.Advance, answers, interrupt.Token);
        }

        _printer.Print(CacheComparisonPage.Of(comparison, location.Name, text, used, source.WindowTokens), _format.Of(parsed));
        recording.Keep(() => new RunDraft(
            RunKind.CompressEval, RunArm.Measured, location.Name, BenchReport.Processor(), RecordedBenchmarks.Of(comparison)));
        return Task.FromResult(ExitCode.Success);
    }

    private KvCompression[] Caches(
        ParseResult parsed, ModelLocation location, TransformerModel model, CompressionConfig config, CompressionProfile? profile,
            string? profilePath)
    {
        string[] names =
        [
            .. _kv.Of(parsed),
            .. (profile?.Levels ?? []).Select(level => $"{profilePath}:{level.Name}"),
        ];
        KvCompression[] caches =
            [.. names.Select(name => KvCacheSetting.Parse(name, location.Path, config.Window).For(model)),
                .. FixedRanks(model, config, profile)];
        return caches.Length > 0
            ? caches
            : throw new UsageException("There is nothing to measure: --kv is empty and there is no --profile.");
    }

    // What calibration and the search for ranks and bits have to beat. The strategy rotated is what --kv measures.
    private static IEnumerable<KvCompression> FixedRanks(TransformerModel model, CompressionConfig config, CompressionProfile? profile)
    {
        if (config.Strategy == CompressionStrategy.RotatedQuantization)
        {
            return [];
        }

        ModelBases bases = config.Strategy == CompressionStrategy.WeightSvd
            ? ModelBases.FromWeights(model, config.HeadGroupSize)
            : profile?.Bases ?? throw new UsageException("The compression strategy low-rank needs --profile, for its bases.");
        return new[] { "low", "med", "high" }.Select(level => config.ToCompression(model, level, bases));
    }

    private int[] Contexts(ParseResult parsed, TransformerModel model)
    {
        int longest = model.ContextTokens - DecodeTokens;
        int[] given = _contexts.Of(parsed);
        return given.Length == 0
            ? [Math.Max(DecodeTokens, Math.Min(4096, longest) / 4), Math.Min(4096, longest)]
            : given.All(context => context <= longest)
                ? given
                : throw new InferometerException($"--contexts: {given.Max()} is not allowed; the model takes {DecodeTokens} to {longest}.");
    }
}
