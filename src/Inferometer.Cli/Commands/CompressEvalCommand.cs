using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Compression;
using Inferometer.Compression.Cache;
using Inferometer.Compression.Evaluation;
using Inferometer.Core;
using Inferometer.Inference.Execution;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer compress eval</c>: quality, size and speed of compressed caches beside the exact one, in one run.</summary>
internal sealed class CompressEvalCommand
{
    private const int DefaultWindows = 8;
    private const int DecodeTokens = 16;
    private const int FillTokens = 128;

    private readonly Argument<string> _model = ModelArgument.Required();
    private readonly Option<string> _text = new("--text") { HelpName = "TEXT", Description = "A text in UTF-8 that the model was not trained on.", Required = true };
    private readonly Option<string[]> _kv = new("--kv") { HelpName = "SETTING", Description = $"What to measure; may be repeated: {KvCacheSetting.Allowed}. [default: q8 and q4]" };
    private readonly Option<string> _profile = new("--profile") { HelpName = "PROFILE", Description = "A profile, all levels of which are measured." };
    private readonly Option<int> _window = new("--ctx", "-c") { HelpName = "TOKENS", Description = "Tokens per window. [default: the model's longest context, at most 512]" };
    private readonly Option<int> _windows = new("--windows") { HelpName = "N", Description = "Most windows. [default: 8]" };
    private readonly Option<int> _threads = EngineOptions.ThreadsOption();
    private readonly Option<OutputFormat> _format = Printer.FormatOption();
    private readonly Printer _printer;

    private CompressEvalCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        CompressEvalCommand self = new(printer);
        ExampleCommand command = new(
            "eval",
            "Measures perplexity, divergence from the exact f16 cache, agreement, bytes, memory and decode speed of compressed caches.",
            "inferometer compress eval ./model.gguf --text book.txt",
            "inferometer compress eval ./model.gguf --text book.txt --profile model.kvprofile --windows 4")
        {
            self._model, self._text, self._kv, self._profile, self._window, self._windows, self._threads, self._format,
        };
        command.SetAction(self.Run);
        return command;
    }

    /// <summary>An increase of perplexity with its sign.</summary>
    internal static Cell Increase(double fraction) =>
        Cell.Number(fraction, string.Create(CultureInfo.InvariantCulture, $"{100 * fraction:+0.000;-0.000;0.000} %"));

    /// <summary>A share close to one.</summary>
    internal static Cell Agreement(double fraction) => Cell.Number(fraction, string.Create(CultureInfo.InvariantCulture, $"{100 * fraction:0.00} %"));

    private Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        ModelLocation location = ModelLocation.Resolve(parsed.GetValue(_model));
        int most = parsed.GetResult(_windows) is null ? DefaultWindows : parsed.GetValue(_windows);
        if (most < 1)
        {
            throw new InferometerException($"--windows: {most} is not allowed; it must be 1 or more.");
        }

        using Interrupt interrupt = new(cancellationToken);
        using TransformerModel model = TransformerModel.Load(location.Path, new LoadOptions { Threads = EngineOptions.Threads(parsed, _threads) }, null, interrupt.Token);
        IReadOnlyList<int[]> windows = new CompressionText(location, model).Windows(parsed.GetValue(_text)!, most, 1, parsed.GetValue(_window));
        KvCompression[] compressions = [.. Settings(parsed).Select(text => KvCompression.Parse(text, model, location.Path))];
        IReadOnlyList<CacheQuality> quality = CompressionEvaluation.Measure(model, windows, compressions, interrupt.Token);
        _printer.Print(Page(location, parsed.GetValue(_text)!, model, windows, compressions, quality, interrupt.Token), parsed.GetValue(_format));
        return Task.FromResult(ExitCode.Success);
    }

    private string[] Settings(ParseResult parsed)
    {
        string[] levels = parsed.GetValue(_profile) is { } profile ? [profile + ":low", profile + ":med", profile + ":high"] : [];
        string[] named = [.. parsed.GetValue(_kv) ?? [], .. levels];
        return named.Length == 0 ? ["q8", "q4"] : named;
    }

    private static Document Page(
        ModelLocation location, string text, TransformerModel model, IReadOnlyList<int[]> windows, KvCompression[] compressions, IReadOnlyList<CacheQuality> quality, CancellationToken cancellationToken)
    {
        // Two contexts: all of a window, and a quarter of it.
        int far = windows[0].Length - DecodeTokens, near = Math.Max(DecodeTokens, windows[0].Length / 4);
        far = Math.Max(near, far);
        Table table = new(
            "caches", null, Column.Text("cache", "cache"), Column.Number("saved", "saved"), Column.Number("bytes/token", "bytes_per_token"), Column.Number("perplexity", "perplexity"),
            Column.Number("change", "perplexity_increase"), Column.Number("KL, nats", "kl_divergence_nats"), Column.Number("same top", "top_one_agreement"), Column.Number("memory", "cache_bytes"),
            Column.Number($"tok/s at {near}", "decode_tokens_per_second_near"), Column.Number($"tok/s at {far}", "decode_tokens_per_second_far"));
        using (PagedKvCache exact = model.CreateCache(Blocks(windows[0].Length) * windows.Count))
        {
            table.Add(
                "exact f16", Cell.Share(0), Cell.Number(quality[0].ExactBytesPerToken), Perplexity(quality[0].ExactPerplexity), Increase(0), Cell.Number(0), Agreement(1),
                Cell.Number(exact.MemoryBytes, Numbers.Bytes(exact.MemoryBytes)),
                Cell.Number(DecodeSpeed.Measure(model, exact, near, DecodeTokens / 2, cancellationToken)), Cell.Number(DecodeSpeed.Measure(model, exact, far, DecodeTokens / 2, cancellationToken)));
        }

        foreach ((KvCompression compression, CacheQuality each) in compressions.Zip(quality))
        {
            using CompressedKvCache cache = compression.CreateCache(Blocks(windows[0].Length), 1, FillTokens);
            table.Add(
                each.Name, Cell.Share(each.Saved), Cell.Number(each.BytesPerToken), Perplexity(each.Perplexity), Increase(each.PerplexityIncrease), Cell.Number(each.KlDivergence),
                Agreement(each.TopOneAgreement), Cell.Number(each.CacheBytes, Numbers.Bytes(each.CacheBytes)),
                Cell.Number(DecodeSpeed.Measure(model, cache, near, DecodeTokens / 2, cancellationToken)), Cell.Number(DecodeSpeed.Measure(model, cache, far, DecodeTokens / 2, cancellationToken)));
        }

        return new Document(
            new Facts(null,
            [
                new("Model", "model", location.Name),
                new("Text", "text", text),
                new("Windows", "windows", new Cell($"{windows.Count} of {windows[0].Length} tokens, {Numbers.Whole(quality[0].TokensScored)} scored", windows.Count)),
                new("Exact tokens", "exact_tokens", new Cell($"first {compressions[0].Window.SinkTokens}, latest {compressions[0].Window.RecentTokens}", compressions[0].Window.RecentTokens)),
            ]),
            table);
    }

    private static Cell Perplexity(double value) => Cell.Number(value, Numbers.Fixed(value, 4));

    private static int Blocks(int tokens) => (tokens + KvCache.BlockSize - 1) / KvCache.BlockSize;
}
