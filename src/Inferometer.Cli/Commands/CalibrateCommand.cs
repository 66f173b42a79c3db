using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Measurement.Fitting;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Published.Results;
using Inferometer.Measurement.Replay;
using Inferometer.Reports.Fitting;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Requests;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer calibrate</c>: a handful of measurements of one's own correct the estimates of that deployment.</summary>
internal sealed partial class CalibrateCommand
{
    private const int MostRuns = 200;
    private const string LlamaCpp = "llama.cpp";

    private readonly RepeatedOption<string> _measurements = new(
        ["--measurements", "-m"], Domains.Text("FILE"),
        "What was measured: results of llama-bench (json, jsonl, csv, md), of vLLM's or SGLang's serving benchmark, AIPerf or GenAI-Perf "
            + "(json), or a table of serving runs with columns as of silicon.csv; one to eight runs will do. "
            + "Or operators timed by themselves, a profile of a machine: tables of LLMServingSim's or Vidur's operators, of "
            + "products, attention, experts, all-reduces; each machine and framework in them is fitted.");

    private readonly ValueOption<string> _model = new(
        ["--model"], Domains.Text("MODEL"), "The model, where a result does not say: a name, or the path of a .gguf file.",
        "as the result says");

    private readonly ValueOption<string> _system = new(
        ["--on"], Domains.Text("SYSTEM"), "The machine, where a result does not say; of tables of operators, which of theirs.",
        "as the result says; of operators, all");

    private readonly ValueOption<string> _framework = new(
        ["--framework"], Domains.Word([.. FrameworkCatalog.All.Select(f => (string.Join('|', f.Aliases.Prepend(f.Name)), f.Name))]),
        "The framework, where a result does not say; of tables of operators, whose kernels they are.",
        "as the result says; of operators that say none, what estimate takes");

    private readonly ValueOption<string> _bits = new(
        ["--bits"], new("FORMAT", null, (text, origin) => Precision.Parse(text, origin).Name),
        "Format of the weights, where a result does not say.", "as the result says");

    private readonly ValueOption<int> _tensor = new(["--tp"], Domains.Whole(1, 1024), "Tensor parallelism of a result.") { Fallback = 1 };
    private readonly ValueOption<int> _attention = new(
        ["--attention-dp"], Domains.Whole(1, 1024), "Ranks of a result that replicate attention.")
    { Fallback = 1 };

    private readonly ValueOption<int> _expert = new(["--ep"], Domains.Whole(1, 1024), "Expert parallelism of a result.") { Fallback = 1 };
    private readonly ValueOption<int> _sequences = new(
        ["--max-num-seqs"], Domains.Whole(1, 1 << 20), "Most requests that the measured service runs at once, such as its slots.",
        "the framework's");

    private readonly FlagOption _local = new(
        ["--local"],
        "Measure this machine and this program's engine on it instead, which takes a few minutes, more on a busy machine, and check "
            + "the predictions.");

    private readonly ValueOption<string> _name = new(
        ["--name"], new("NAME", null, PlainName), "Name of the calibration, and with --local of the machine.",
        "the first file's; this_machine");

    private readonly ValueOption<int> _threads = new(
        ["--threads", "-t"], Domains.Whole(1, 1024), "Worker threads of --local.", "all processors")
    { Fallback = Environment.ProcessorCount };

    private readonly PathOption _catalog = new(
        ["--catalog"], PathUse.WriteFolder,
        "Folder to keep the calibration in (calibration/NAME.json, of --local hardware/NAME.json too), for --catalog of estimate and "
            + "others; as it comes, nothing is written.");

    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private CalibrateCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        CalibrateCommand self = new(printer);
        ExampleCommand command = new(
            "calibrate",
            "Corrects the calibrated cost model by measurements of your own deployment or machine, and says which to take next.",
            "inferometer calibrate --measurements my-runs.csv --catalog ./catalog",
            "inferometer calibrate -m llama-bench.jsonl --model llama-3.1-8b --on rtx4090",
            "inferometer calibrate -m vllm-c1.json -m vllm-c64.json --on h100 --tp 2 --bits fp8 --framework vllm",
            "inferometer calibrate -m llmservingsim_ops.csv --on rtx-4090 --framework vllm --catalog ./catalog",
            "inferometer calibrate --local --catalog ./catalog")
        {
            self._measurements, self._model, self._system, self._framework, self._bits, self._tensor, self._attention, self._expert,
            self._sequences, self._local, self._name, self._threads, self._catalog, self._format,
        };
        command.SetAction(self.RunAsync);
        return command;
    }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (_local.Of(parsed))
        {
            return LocalAsync(parsed, cancellationToken);
        }

        return parsed.IsGiven(_threads)
            ? throw new UsageException("--threads needs --local: results of others were measured before.")
            : Task.Run(() => Run(parsed, cancellationToken), cancellationToken);
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        string[] paths = _measurements.Of(parsed);
        if (paths.Length == 0)
        {
            throw new UsageException("Say what was measured, with --measurements FILE, or give --local.");
        }

        string? folder = _catalog.Of(parsed);
        Catalogs catalogs = Catalogs.From(Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() ? folder : null);
        List<string> problems = [];
        List<ServingRun> runs = [];
        List<RateRun> rates = [];
        PublishedTable[] tables = [.. paths.Select(path => BenchmarkResultReader.Read(path, SubjectOf(parsed)))];
        if (tables.Any(t => t.Operators.Count > 0))
        {
            return Operators(parsed, catalogs, tables, cancellationToken);
        }

        foreach ((string path, PublishedTable table) in paths.Zip(tables))
        {
            ReplaySetup setup = new(catalogs, PublishedNames.ConfigFolderOf(path), "calibrated");
            runs.AddRange(MeasuredRuns.Of(table, setup, Left).Select(run => run with
            {
                MostRunning = parsed.Given(_sequences) ?? RunningByDefault(run.Request),
            }));
            rates.AddRange(MeasuredRates.Of(table, LlamaCpp, setup, Left));
        }

        int count = runs.Count + rates.Count;
        if (count is 0 or > MostRuns)
        {
            throw new InferometerException(count == 0
                ? $"--measurements: '{paths[0]}' holds no run to calibrate to. {First(problems)}".TrimEnd()
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"--measurements: {count} runs; more than {MostRuns} are a matter for 'fit'."));
        }

        string name = parsed.IsGiven(_name) ? _name.Of(parsed) : Path.GetFileNameWithoutExtension(paths[0]);
        UserCalibrationResult result = UserCalibration.Fit(name, CalibrationSet.BuiltIn, runs, rates, cancellationToken: cancellationToken);
        string? written = folder is null ? null : Write(folder, name, result.Calibration, string.Create(
            CultureInfo.InvariantCulture,
            $"inferometer calibrate on {count} runs of {string.Join(", ", paths.Select(Path.GetFileName))}"));
        _printer.Print(CalibrationPage.Of(result, CalibrationSet.BuiltIn, problems, written), _format.Of(parsed));
        return ExitCode.Success;

        void Left(string id, string why) => problems.Add($"{id}: {why}");
    }

    // As 'simulate' has it: a service that comes with four slots ran no more, whoever waited.
    private static int RunningByDefault(EstimateRequest request) =>
        CalibrationSubject.Of(request).Framework.SizeOn(request.System.Device).Running;

    private BenchmarkSubject SubjectOf(ParseResult parsed) => new()
    {
        Model = parsed.IsGiven(_model) ? _model.Of(parsed) : null,
        System = parsed.IsGiven(_system) ? _system.Of(parsed) : null,
        Framework = parsed.IsGiven(_framework) ? _framework.Of(parsed) : null,
        Precision = parsed.IsGiven(_bits) ? _bits.Of(parsed) : null,
        Tensor = _tensor.Of(parsed),
        AttentionData = _attention.Of(parsed),
        Expert = _expert.Of(parsed),
    };

    // It becomes the name of a file.
    private static string PlainName(string text, string origin) =>
        text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')
            ? text
            : throw Domains.Wrong(origin, text, "of letters, digits, '_', '-' and '.', beginning with a letter or digit");

    // Mostly it is the same of every row.
    private static string First(List<string> problems) => problems.Count switch
    {
        0 => "",
        1 => problems[0],
        _ => FormattableString.Invariant($"{problems[0]} ({problems.Count - 1} more rows are left out, too.)"),
    };

    private static string Write(string folder, string name, CalibrationSet calibration, string source)
    {
        string own = Path.Combine(folder, "calibration");
        Directory.CreateDirectory(own);
        string file = Path.Combine(own, name + ".json");
        File.WriteAllText(file, CalibrationFile.WriteLayers(calibration with { Source = source }));
        return file;
    }
}
