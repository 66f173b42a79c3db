using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Configuration;
using Inferometer.Compression.Evaluation;
using Inferometer.Compression.Profiles;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Measurement.Evaluation;
using Inferometer.Reports.Compression;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary>
/// <c>inferometer compress eval</c>: quality, memory and speed of compressed caches against the exact one, in the same run.
/// </summary>
internal sealed class CompressEvalCommand
{
    private const int DecodeTokens = 32;
    private const int StepTokens = 128;

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

    private readonly CompressionSettings _settings = new(
        SettingNames.Strategy, SettingNames.ValueRankLow, SettingNames.ValueRankMedium, SettingNames.ValueRankHigh, SettingNames.KeyRank,
            SettingNames.HeadGroupSize, SettingNames.SinkTokens, SettingNames.RecentTokens);

    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
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
            self._profile, self._kv, self._text, self._windows, self._windowTokens, self._contexts, self._format,
        };
        self._settings.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        (ModelLocation location, ModelConfig modelConfig, CompressionConfig config) = _settings.Read(parsed);
        string? profilePath = _profile.Of(parsed);
        CompressionProfile? profile = profilePath is null ? null : CompressionProfile.Load(profilePath);
        string text = _text.Of(parsed)
            ?? (profile is not null && File.Exists(profile.HoldOutText)
                ? profile.HoldOutText
                : throw new UsageException("--text is needed: the file the profile was measured on is not here."));
        int windows = _windows.Of(parsed);
        using Interrupt interrupt = new(cancellationToken);
        using TransformerModel model = modelConfig.Load(location.Files.Share(), interrupt.Token);
        KvCompression[] caches = Caches(parsed, location, model, config, profile, profilePath);
        int[] contexts = Contexts(parsed, model);
        CalibrationText source = CalibrationText.Read(text, location.Files.Tokenizer, model, _windowTokens.Of(parsed));
        IReadOnlyList<CacheQuality> quality =
            CompressionEvaluation.Measure(model, source.Windows(Math.Min(windows, source.Available)), caches, null, interrupt.Token);
        Table table = Report(model, caches, quality, contexts, interrupt.Token);
        _printer.Print(
            new Document(
                new Facts(null,
                [
                    new("Model", "model", location.Name),
                    new("Text", "text",
                        new Cell($"{text}, {Math.Min(windows, source.Available)} windows of {source.WindowTokens} tokens", text)),
                    new("Scored", "scored_tokens",
                        new Cell($"{Numbers.Whole(quality[0].TokensScored)} predictions", quality[0].TokensScored)),
                    new("Kept exact", "exact_window",
                        new Cell(
                            $"the first {caches[0].Window.SinkTokens} and the latest {caches[0].Window.RecentTokens} tokens",
                            caches[0].Window.RecentTokens)),
                ]),
                table,
                new Facts(
                    null, [new(
                        "Peak memory", "peak_memory_bytes",
                        new Cell($"{Numbers.Fixed(PeakBytes() / 1e6, 0)} MB, model and all caches side by side", PeakBytes()))])),
            _format.Of(parsed));
        return Task.FromResult(ExitCode.Success);
    }

    private static long PeakBytes()
    {
        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
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

    private Table Report(
        TransformerModel model, KvCompression[] caches, IReadOnlyList<CacheQuality> quality, int[] contexts,
        CancellationToken cancellationToken)
    {
        Table table = new(
            "caches", null,
            [
                Column.Text("cache", "cache"), Column.Number("bytes/token", "bytes_per_token"), Column.Number("saved", "saved"),
                    Column.Number("perplexity", "perplexity"),
                Column.Number("increase", "perplexity_increase"), Column.Number("KL nats", "kl_divergence_nats"),
                    Column.Number("top-1", "top_one_agreement"), Column.Number("cache MB", "cache_bytes"),
                .. contexts.Select(c => Column.Number($"tok/s @{c}", $"decode_tokens_per_second_at_{c}")),
            ]);
        using Progress progress = new(_printer, "timings", contexts.Length * (caches.Length + 1));
        double[] Speeds(Func<int, KvCache> create) => [.. contexts.Select(context =>
        {
            using KvCache cache = create(((context + (2 * DecodeTokens)) / KvCache.BlockSize) + 1);
            double speed = DecodeSpeed.Measure(model, cache, context, DecodeTokens, cancellationToken);
            progress.Advance();
            return speed;
        })];

        CacheQuality first = quality[0];
        long exactBytes = (long)(first.ExactBytesPerToken * first.TokensScored);
        Row("f16 (exact)", first.ExactBytesPerToken, 0, first.ExactPerplexity, 0, 0, 1, exactBytes,
            Speeds(blocks => model.CreateCache(blocks, KvElement.F16)));
        for (int i = 0; i < caches.Length; i++)
        {
            KvCompression compression = caches[i];
            CacheQuality q = quality[i];
            Row(q.Name, q.BytesPerToken, q.Saved, q.Perplexity, q.PerplexityIncrease, q.KlDivergence, q.TopOneAgreement, q.CacheBytes,
                Speeds(blocks => compression.CreateCache(blocks, 1, StepTokens)));
        }

        return table;

        void Row(
            string name, double bytes, double saved, double perplexity, double increase, double divergence, double agreement,
            long cacheBytes, double[] speeds) => table.Add(
        [
            name, Cell.Number(bytes, Numbers.Whole((long)Math.Round(bytes))), Cell.Share(saved),
                Cell.Number(perplexity, Numbers.Fixed(perplexity, 4)), ProfilePage.Increase(increase),
            Cell.Number(divergence, divergence == 0 ? "0" : divergence.ToString("0.0e+0", CultureInfo.InvariantCulture)),
                ProfilePage.Agreement(agreement), Cell.Number(cacheBytes, Numbers.Fixed(cacheBytes / 1e6, 1)),
            .. speeds.Select(s => Cell.Number(s)),
        ]);
    }
}
