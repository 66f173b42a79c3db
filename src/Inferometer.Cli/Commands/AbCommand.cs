using System.CommandLine;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Recording;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.History.Comparison;
using Inferometer.History.Gates;
using Inferometer.History.Records;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer ab</c>: two command lines by turns, until it is decided which is better.</summary>
internal sealed class AbCommand
{
    private const double DefaultWithin = 0.01;

    private readonly TextArgument _a = new("A", "A command line of bench or load, in quotes.");
    private readonly TextArgument _b = new("B", "The one that is compared with it.");
    private readonly ValueOption<int> _rounds = new(
        ["--rounds"], Domains.Whole(2, 1000), "Most rounds; both run once in each.")
    { Fallback = 20 };
    private readonly ValueOption<double> _within = new(
        ["--within"], new("SHARE", null,
            GateLimit.ReadShare), "A difference that does not matter: it is decided too where they differ by less.", "1%")
    { Fallback = DefaultWithin };

    private readonly ValueOption<string> _metric = new(
        ["--metric"], Domains.Text("KEY"), "The figure that decides.", "the first that 'history' shows");
    private readonly RecordingSettings _recording = new();
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private AbCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        AbCommand self = new(printer);
        ExampleCommand command = new(
            "ab",
            "Runs two command lines of bench or load by turns, each in a process of its own, so that what drifts on the machine touches "
                + "both "
                + "alike; stops when it is decided which is better.",
            "inferometer ab \"bench -p 0 -n 64 -t 1\" \"bench -p 0 -n 64 -t 2\"",
            "inferometer ab \"bench m-q8_0.gguf -p 512 -n 0 -r 1\" \"bench m-q4_k.gguf -p 512 -n 0 -r 1\" --within 2%",
            "inferometer ab \"load --users 4 --requests 40\" \"load --users 4 --requests 40 --max-num-seqs 2\" --metric mean_ttft_ms")
        {
            self._a, self._b, self._rounds, self._within, self._metric, self._format,
        };
        self._recording.AddTo(command);
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var recording = RunRecording.Begin(parsed, _recording, _printer);
        string[] a = ProgramRound.Words(_a.Of(parsed) ?? throw new UsageException("A is missing."), "A");
        string[] b = ProgramRound.Words(_b.Of(parsed) ?? throw new UsageException("B is missing."), "B");
        RequireCommon(parsed, a, b);
        using Interrupt interrupt = new(cancellationToken);
        string folder = Directory.CreateTempSubdirectory("inferometer-ab-").FullName;
        List<(RunRecord A, RunRecord B)> rounds = [];
        PairedRounds paired = new();
        RunMetric figure;
        PairedOutcome? outcome;
        try
        {
            using Progress progress = new(_printer, "runs", 2 * _rounds.Of(parsed));
            do
            {
                (RunRecord first, RunRecord second) = await RoundAsync(rounds.Count % 2 == 1).ConfigureAwait(false);
                rounds.Add((first, second));
                figure = Figure(parsed, first, second);
                paired.Add(Above0(first.Find(figure.Key)!), Above0(second.Find(figure.Key)!));
                outcome = paired.Decide(_rounds.Of(parsed), _within.Of(parsed));

                async Task<(RunRecord A, RunRecord B)> RoundAsync(bool backwards)
                {
                    RunRecord one = await TurnAsync(backwards ? b : a).ConfigureAwait(false);
                    RunRecord two = await TurnAsync(backwards ? a : b).ConfigureAwait(false);
                    return backwards ? (two, one) : (one, two);
                }

                async Task<RunRecord> TurnAsync(string[] words)
                {
                    RunRecord run = await ProgramRound.RunAsync(words, folder, interrupt.Token).ConfigureAwait(false);
                    progress.Advance();
                    return run;
                }
            }
            while (outcome is null);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        (double A, double B)[] values = [.. rounds.Select(r => (r.A.Find(figure.Key)!.Value, r.B.Find(figure.Key)!.Value))];
        _printer.Print(PairedPage.Of(string.Join(' ', a), string.Join(' ', b), figure, values, paired, outcome.Value), _format.Of(parsed));
        recording.Keep([Side(rounds.Select(r => r.A), a), Side(rounds.Select(r => r.B), b)]);
        return ExitCode.Success;
    }

    // Before either has run, which may take minutes.
    private void RequireCommon(ParseResult parsed, string[] a, string[] b)
    {
        if (!string.Equals(a[0], b[0], StringComparison.Ordinal))
        {
            throw new UsageException($"A is {a[0]} and B is {b[0]}: they have no figure in common; give two of one kind.");
        }

        if (a[0] is not "bench" || BenchCommand.FigureNames(_printer, a[1..]) is not { } ofA
            || BenchCommand.FigureNames(_printer, b[1..]) is not { } ofB)
        {
            return;
        }

        string[] common = [.. ofA.Intersect(ofB, StringComparer.Ordinal)];
        string both = $"A times {string.Join(", ", ofA)}, and B {string.Join(", ", ofB)}";
        if (common.Length == 0)
        {
            throw new UsageException($"{both}: no test is in both; give both the same -p, -n, -pg, -d and -b.");
        }

        if (parsed.IsGiven(_metric) && !common.Contains(_metric.Of(parsed), StringComparer.Ordinal))
        {
            throw new UsageException(
                $"{_metric.Name}: '{_metric.Of(parsed)}' is not a figure of both.{NameSuggestion.For(_metric.Of(parsed), common)} {both}.");
        }
    }

    private RunMetric Figure(ParseResult parsed, RunRecord a, RunRecord b)
    {
        if (!parsed.IsGiven(_metric))
        {
            return a.Metrics.FirstOrDefault(m => m.IsHeadline && b.Find(m.Key) is not null)
                ?? throw new InferometerException("A and B have no headline figure in common; say which figure with --metric.");
        }

        string key = _metric.Of(parsed);
        string[] known = [.. a.Metrics.Where(m => m.Better is not Better.Neither && b.Find(m.Key) is not null).Select(m => m.Key)];
        return a.Find(key) is { } figure && known.Contains(key, StringComparer.Ordinal)
            ? figure
            : throw new InferometerException(
                $"{_metric.Name}: '{key}' is not a figure of both.{NameSuggestion.For(key, known)} They have "
                    + $"{NameSuggestion.List(key, known)}.");
    }

    private static double Above0(RunMetric metric) => metric.Value > 0
        ? metric.Value
        : throw new InferometerException($"{metric.Key} is {metric.Value}; only figures above 0 can be compared by their ratio.");

    // One run of each side: the mean of its rounds, with the rounds behind it.
    private static RunRecord Side(IEnumerable<RunRecord> rounds, string[] words)
    {
        RunRecord[] runs = [.. rounds];
        RunMetric[] shared = [.. runs[0].Metrics.Where(m => runs.All(r => r.Find(m.Key) is not null))];
        return runs[0] with
        {
            Config = RunConfig.Of(new JsonObject { ["command"] = "ab", ["side"] = runs[0].Config.ToJsonObject() }),
            CommandLine = words,
            Metrics =
            [
                .. shared.Select(m => m with
                {
                    Value = runs.Average(r => r.Find(m.Key)!.Value),
                    Statistic = Statistic.Mean,
                    Series = m.Key,
                    StandardError = null,
                }),
            ],
            Series = [.. shared.Select(m => new RunSeries(m.Key, m.Unit, [.. runs.Select(r => r.Find(m.Key)!.Value)]))],
        };
    }
}
