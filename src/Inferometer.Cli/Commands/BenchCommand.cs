using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Measurement.Benchmarks;
using Inferometer.Reports.Benchmarks;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer bench</c>: prompt processing and generation timed as llama-bench times them.</summary>
internal sealed partial class BenchCommand
{
    private readonly Argument<string?> _model = ModelArgument.OrBundled();
    private readonly Option<string> _prompt = new("--n-prompt", "-p") { HelpName = "N,N", Description = "Prompt tokens; 0 = no such test.", DefaultValueFactory = _ => "512" };
    private readonly Option<string> _generate = new("--n-gen", "-n") { HelpName = "N,N", Description = "Generated tokens; 0 = no such test.", DefaultValueFactory = _ => "128" };
    private readonly Option<string[]> _both = new("-pg") { HelpName = "P,G", Description = "Also time P prompt and G generated tokens together; may be given several times." };
    private readonly Option<string> _depth = new("--n-depth", "-d") { HelpName = "N,N", Description = "Tokens in the cache before timing starts.", DefaultValueFactory = _ => "0" };
    private readonly Option<string> _sequences = new("--sequences", "-b") { HelpName = "N,N", Description = "Sequences generated side by side.", DefaultValueFactory = _ => "1" };
    private readonly Option<string> _threads = new("--threads", "-t") { HelpName = "N,N", Description = "Worker threads. [default: all processors]" };
    private readonly Option<int> _repetitions = new("--repetitions", "-r") { HelpName = "N", Description = "Timed repetitions of each test.", DefaultValueFactory = _ => 5 };
    private readonly Option<double> _warmUp = new("--warm-up") { HelpName = "SECONDS", Description = "Repeat each test this long, at least once, before timing it.", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _kv = KvArgument.Option();
    private readonly Option<bool> _noFlash = new("--no-flash-attention") { Description = "Store whole rows of scores instead of attending in tiles." };
    private readonly Option<bool> _repack = RepackedFileOption.Create();
    private readonly Option<OutputFormat?> _output = OutputOption();
    private readonly Printer _printer;

    private BenchCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        BenchCommand self = new(printer);
        ExampleCommand command = new(
            "bench",
            "Times prompt processing and generation on this machine, with the tests and names of llama-bench; prints mean and standard deviation of the repetitions.",
            "inferometer bench -p 64 -n 16 -r 1",
            "inferometer bench ./model-q8_0.gguf",
            "inferometer bench ./model-q8_0.gguf -pg 512,128 -d 0,4096 -t 1,2 -r 3",
            "inferometer bench ./model-q8_0.gguf -p 0 -n 64 -b 1,4,16 -o json",
            "inferometer bench ./model-q8_0.gguf --ablate")
        {
            self._model, self._prompt, self._generate, self._both, self._depth, self._sequences, self._threads, self._repetitions, self._warmUp, self._kv, self._noFlash, self._repack, self._ablate, self._shared, self._configuration, self._output,
        };
        command.SetAction(self.Run);
        return command;
    }

    private Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        ModelLocation location = ModelLocation.Resolve(parsed.GetValue(_model));
        int repetitions = parsed.GetValue(_repetitions) is >= 1 and var r ? r : throw new UsageException($"--repetitions: {parsed.GetValue(_repetitions)} is not allowed; it must be 1 or more.");
        TimeSpan warmUp = parsed.GetValue(_warmUp) is >= 0 and <= 3600 and var w ? TimeSpan.FromSeconds(w) : throw new UsageException("--warm-up: allowed are 0 to 3600 seconds.");
        if (parsed.GetValue(_ablate))
        {
            return Ablate(parsed, location, repetitions, warmUp, cancellationToken);
        }

        if (parsed.GetValue(_shared) is not null)
        {
            throw new UsageException("--shared needs --ablate.");
        }

        ModelArchitecture architecture = location.Files.Architecture;
        BenchTest[] tests = Tests(parsed, architecture);
        int[] threads = parsed.GetValue(_threads) is { } text ? WholeNumbers(text, "--threads", 1, 1024) : [Environment.ProcessorCount];
        KvArgument kv = KvArgument.Read(parsed.GetValue(_kv), location);
        using Interrupt interrupt = new(cancellationToken);
        BenchRequest request = new()
        {
            Model = StoredModels.Read(location),
            Tests = tests,
            Threads = threads,
            Repetitions = repetitions,
            WarmUp = warmUp,
            Cache = new BenchCache(kv.Element, kv.Compression),
            FlashAttention = !parsed.GetValue(_noFlash),
            RepackedFile = RepackedFileOption.Use(parsed.GetValue(_repack)),
        };
        IReadOnlyList<BenchResult> results;
        using (Progress progress = new(_printer, "repetitions", threads.Length * tests.Length * repetitions))
        {
            results = BenchRun.Measure(request, progress.Advance, report => RepackedFileOption.Explain(_printer, report), interrupt.Token);
        }

        _printer.Print(new BenchReport(request, results).Document, parsed.GetValue(_output) ?? OutputFormat.Markdown);
        return Task.FromResult(ExitCode.Success);
    }

    private BenchTest[] Tests(ParseResult parsed, ModelArchitecture model)
    {
        int[] depths = WholeNumbers(parsed.GetValue(_depth)!, "--n-depth", 0, int.MaxValue / 4);
        int[] sequences = WholeNumbers(parsed.GetValue(_sequences)!, "--sequences", 1, 1024);
        List<(int Prompt, int Generated)> sizes =
        [
            .. WholeNumbers(parsed.GetValue(_prompt)!, "--n-prompt", 0, int.MaxValue / 4).Where(p => p > 0).Select(p => (p, 0)),
            .. WholeNumbers(parsed.GetValue(_generate)!, "--n-gen", 0, int.MaxValue / 4).Where(n => n > 0).Select(n => (0, n)),
            .. (parsed.GetValue(_both) ?? []).Select(Pair),
        ];
        BenchTest[] tests = [.. from d in depths from s in sequences from size in sizes select new BenchTest(size.Prompt, size.Generated, d, s)];
        if (tests.Length == 0)
        {
            throw new UsageException("There is nothing to time: -p and -n are both 0 and there is no -pg.");
        }

        // A cache longer than the model was made for would time a network that nobody runs.
        BenchTest longest = tests.MaxBy(t => t.Length)!;
        return longest.Length <= model.MaxContextTokens
            ? tests
            : throw new InferometerException($"{longest.Name}: sequences of {longest.Length} tokens are not possible; the model was made for up to {model.MaxContextTokens}.");
    }

    private static (int Prompt, int Generated) Pair(string text) =>
        WholeNumbers(text, "-pg", 1, int.MaxValue / 4) is [int prompt, int generated]
            ? (prompt, generated)
            : throw new UsageException($"-pg: '{text}' is not allowed; it must be P,G, such as 512,128.");

    private static int[] WholeNumbers(string text, string option, int least, int most)
    {
        List<int> numbers = [];
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            numbers.Add(int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
                ? value
                : throw new UsageException($"{option}: '{part}' is not allowed; it must be {(most <= 1024 ? $"{least} to {most}" : $"{least} or more")}, or several such numbers with commas."));
        }

        return [.. numbers];
    }

    private static Option<OutputFormat?> OutputOption() => new("--output", "-o")
    {
        HelpName = "md|csv|json|jsonl",
        Description = "How to print. [default: md]",
        CustomParser = result => result.Tokens[0].Value.ToLowerInvariant() switch
        {
            "md" or "markdown" => OutputFormat.Markdown,
            "csv" => OutputFormat.Csv,
            "json" => OutputFormat.Json,
            "jsonl" => OutputFormat.JsonLines,
            "table" => OutputFormat.Table,
            _ => Refuse(result),
        },
    };

    private static OutputFormat Refuse(System.CommandLine.Parsing.ArgumentResult result)
    {
        result.AddError($"--output: '{result.Tokens[0].Value}' is not allowed; it must be md, csv, json or jsonl.");
        return OutputFormat.Markdown;
    }
}
