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
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Measurement.Evaluation;
using Inferometer.Reports.Compression;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer compress eval</c>: quality, memory and speed of compressed caches against the exact one, in the same run.</summary>
internal sealed class CompressEvalCommand
{
    private const int DecodeTokens = 32;
    private const int StepTokens = 128;

    private readonly Option<string> _profile = new("--profile") { HelpName = "FILE", Description = "A profile; all of its levels are measured." };
    private readonly Option<string> _kv = new("--kv") { HelpName = "q8,q4,FILE:LEVEL", Description = "Caches to measure, separated by commas. [default: q8,q4, and the levels of --profile]" };
    private readonly Option<string> _text = new("--text") { HelpName = "FILE", Description = "Text to predict. [default: the file the profile was measured on]" };
    private readonly Option<int> _windows = new("--windows") { HelpName = "N", Description = "Windows of the text.", DefaultValueFactory = _ => 8 };
    private readonly Option<int> _windowTokens = new("--window-tokens") { HelpName = "N", Description = "Tokens of a window. [default: the model's longest context, at most 1024]" };
    private readonly Option<string> _contexts = new("--contexts") { HelpName = "N,N", Description = "Context lengths at which decoding is timed. [default: a quarter of the model's longest context and all of it, at most 4096]" };

    private readonly CompressionSettings _settings = new(
        SettingNames.Strategy, SettingNames.ValueRankLow, SettingNames.ValueRankMedium, SettingNames.ValueRankHigh, SettingNames.KeyRank, SettingNames.HeadGroupSize, SettingNames.SinkTokens, SettingNames.RecentTokens);

    private readonly Option<OutputFormat> _format = Printer.FormatOption();
    private readonly Printer _printer;

    private CompressEvalCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        CompressEvalCommand self = new(printer);
        ExampleCommand command = new(
            "eval",
            "Measures compressed caches against the exact f16 cache in the same run: perplexity, divergence, agreement, bytes per token, cache memory, decode speed at two context lengths, and peak memory.",
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
        string? profilePath = parsed.GetValue(_profile);
        CompressionProfile? profile = profilePath is null ? null : CompressionProfile.Load(profilePath);
        string text = parsed.GetValue(_text) ?? (profile is not null && File.Exists(profile.HoldOutText) ? profile.HoldOutText : throw new UsageException("--text is needed: the file the profile was measured on is not here."));
        int windows = parsed.GetValue(_windows) is >= 1 and var given ? given : throw new UsageException($"--windows: {parsed.GetValue(_windows)} is not allowed; it must be 1 or more.");
        using Interrupt interrupt = new(cancellationToken);
        using TransformerModel model = modelConfig.Load(interrupt.Token);
        KvCompression[] caches = Caches(parsed, location, model, config, profile, profilePath);
        int[] contexts = Contexts(parsed, model);
        CalibrationText source = CalibrationText.Read(text, location.Files.Tokenizer, model, parsed.GetValue(_windowTokens));
        IReadOnlyList<CacheQuality> quality = CompressionEvaluation.Measure(model, source.Windows(Math.Min(windows, source.Available)), caches, null, interrupt.Token);
        Table table = Report(model, caches, quality, contexts, interrupt.Token);
        _printer.Print(
            new Document(
                new Facts(null,
                [
                    new("Model", "model", location.Name),
                    new("Text", "text", new Cell($"{text}, {Math.Min(windows, source.Available)} windows of {source.WindowTokens} tokens", text)),
                    new("Scored", "scored_tokens", new Cell($"{Numbers.Whole(quality[0].TokensScored)} predictions", quality[0].TokensScored)),
                    new("Kept exact", "exact_window", new Cell($"the first {caches[0].Window.SinkTokens} and the latest {caches[0].Window.RecentTokens} tokens", caches[0].Window.RecentTokens)),
                ]),
                table,
                new Facts(null, [new("Peak memory", "peak_memory_bytes", new Cell($"{Numbers.Fixed(PeakBytes() / 1e6, 0)} MB, model and all caches side by side", PeakBytes()))])),
            parsed.GetValue(_format));
        return Task.FromResult(ExitCode.Success);
    }

    private static long PeakBytes()
    {
        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    private KvCompression[] Caches(
        ParseResult parsed, ModelLocation location, TransformerModel model, CompressionConfig config, CompressionProfile? profile, string? profilePath)
    {
        string[] names =
        [
            .. (parsed.GetValue(_kv) ?? "q8,q4").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            .. (profile?.Levels ?? []).Select(level => $"{profilePath}:{level.Name}"),
        ];
        KvCompression[] caches = [.. names.Select(name => KvCacheSetting.Parse(name, location.Path, config.Window).For(model)), .. FixedRanks(model, config, profile)];
        return caches.Length > 0 ? caches : throw new UsageException("There is nothing to measure: --kv is empty and there is no --profile.");
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
        int longest = Math.Min(4096, model.ContextTokens - DecodeTokens);
        string text = parsed.GetValue(_contexts) ?? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(DecodeTokens, longest / 4)},{longest}");
        return [.. text.Split(',', StringSplitOptions.TrimEntries).Select(part =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= DecodeTokens && value <= model.ContextTokens - DecodeTokens
                ? value
                : throw new UsageException($"--contexts: '{part}' is not allowed; it must be {DecodeTokens} to {model.ContextTokens - DecodeTokens}, or several such numbers with commas."))];
    }

    private Table Report(TransformerModel model, KvCompression[] caches, IReadOnlyList<CacheQuality> quality, int[] contexts, CancellationToken cancellationToken)
    {
        Table table = new(
            "caches", null,
            [
                Column.Text("cache", "cache"), Column.Number("bytes/token", "bytes_per_token"), Column.Number("saved", "saved"), Column.Number("perplexity", "perplexity"),
                Column.Number("increase", "perplexity_increase"), Column.Number("KL nats", "kl_divergence_nats"), Column.Number("top-1", "top_one_agreement"), Column.Number("cache MB", "cache_bytes"),
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
        Row("f16 (exact)", first.ExactBytesPerToken, 0, first.ExactPerplexity, 0, 0, 1, exactBytes, Speeds(blocks => model.CreateCache(blocks, KvElement.F16)));
        for (int i = 0; i < caches.Length; i++)
        {
            KvCompression compression = caches[i];
            CacheQuality q = quality[i];
            Row(q.Name, q.BytesPerToken, q.Saved, q.Perplexity, q.PerplexityIncrease, q.KlDivergence, q.TopOneAgreement, q.CacheBytes, Speeds(blocks => compression.CreateCache(blocks, 1, StepTokens)));
        }

        return table;

        void Row(string name, double bytes, double saved, double perplexity, double increase, double divergence, double agreement, long cacheBytes, double[] speeds) => table.Add(
        [
            name, Cell.Number(bytes, Numbers.Whole((long)Math.Round(bytes))), Cell.Share(saved), Cell.Number(perplexity, Numbers.Fixed(perplexity, 4)), ProfilePage.Increase(increase),
            Cell.Number(divergence, divergence == 0 ? "0" : divergence.ToString("0.0e+0", CultureInfo.InvariantCulture)), ProfilePage.Agreement(agreement), Cell.Number(cacheBytes, Numbers.Fixed(cacheBytes / 1e6, 1)),
            .. speeds.Select(s => Cell.Number(s)),
        ]);
    }
}
