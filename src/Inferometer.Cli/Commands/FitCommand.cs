using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Measurement.Fitting;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Published.Layouts;
using Inferometer.Measurement.Replay;
using Inferometer.Reports.Fitting;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer fit</c>: coefficients of the calibrated cost model from a folder of measurements.</summary>
internal sealed class FitCommand
{
    private const string LlamaCpp = "llama.cpp";
    private const string PyTorch = "pytorch";

    private static readonly string[] s_tables = ["silicon.csv", "llm_published.csv", "llama_cpp.csv", "steps.csv"];

    private readonly PathOption _measurements = new(
        ["--measurements", "-m"], PathUse.ReadFolder,
        $"Folder of measured tables, looked through with its subfolders: {string.Join(", ", s_tables)}.", "required")
    {
        Required = true,
    };

    private readonly PathOption _output = new(
        ["--output", "-o"], PathUse.WriteFolder, "Folder to write the calibrations to: serving.json, llama.cpp.json, pytorch.json.");

    private readonly FlagOption _quick = new(["--quick"], "Fit once, without holding runs back: no errors, no bands.");
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private FitCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        FitCommand self = new(printer);
        ExampleCommand command = new(
            "fit",
            "Fits the calibrated cost model to measured serving runs, and says how far it lies from runs that the fit did not see.",
            "inferometer fit --measurements ./measurements -o ./catalog/calibration",
            "inferometer fit --measurements ./measurements --quick --format json")
        {
            self._measurements, self._output, self._quick, self._format,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => self.Run(parsed, cancellationToken), cancellationToken));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using Interrupt interrupt = new(cancellationToken);
        string folder = _measurements.Of(parsed)!;
        bool validate = !_quick.Of(parsed);
        StageProgress progress = new(_printer, "fit");
        int leftOut = 0;
        List<ServingRun> runs = [];
        List<RateRun> rates = [], steps = [];
        foreach (string path in Tables(folder))
        {
            PublishedTable table = PublishedTableReader.Read(path);
            ReplaySetup setup = new(Catalogs.From(null), PublishedNames.ConfigFolderOf(path), "calibrated");
            runs.AddRange(MeasuredRuns.Of(table, setup, (_, _) => leftOut++));
            rates.AddRange(MeasuredRates.Of(table, LlamaCpp, setup));
            steps.AddRange(MeasuredRates.OfSteps(table, PyTorch, setup));
        }

        if (runs.Count == 0)
        {
            throw new InferometerException(
                $"--measurements: '{folder}' holds no serving runs that can be fitted; silicon.csv is missing or empty.");
        }

        FitResult serving = CalibrationFitter.Fit(runs, validate, progress, interrupt.Token);
        FitResult? engine = Fit(LlamaCpp, rates), loop = Fit(PyTorch, steps);
        if (_output.Of(parsed) is { } written)
        {
            Directory.CreateDirectory(written);
            Write(written, serving, "good rows of silicon.csv (SemiAnalysis InferenceX and NVIDIA, by way of ai-dynamo/aiconfigurator "
                + "095f58a, Apache-2.0)");
            if (engine is not null)
            {
                Write(written, engine, "rates of llm_published.csv (XiongjieDai/GPU-Benchmarks-on-LLM-Inference, 2024-05) and of "
                    + "llama_cpp.csv (measured on an H100 for this project)");
            }

            if (loop is not null)
            {
                Write(written, loop, "steps of steps.csv (PyTorch 2.11 on an H100 and an H200, measured for this project)");
            }
        }

        _printer.Print(FitPage.Of(serving, engine, loop, leftOut, _output.Of(parsed)), _format.Of(parsed));
        return ExitCode.Success;

        FitResult? Fit(string framework, List<RateRun> measured) => measured.Count == 0
            ? null
            : RateFitter.Fit(serving.Calibration, framework, measured, validate, progress, interrupt.Token);
    }

    // By name and not whatever lies there: baselines and tables of kernels are of other kinds, and rows quoted by users are for checking.
    private static IEnumerable<string> Tables(string folder) => s_tables
        .SelectMany(name => Directory.EnumerateFiles(folder, name, SearchOption.AllDirectories).Order(StringComparer.Ordinal));

    private static void Write(string folder, FitResult result, string data)
    {
        string file = Path.Combine(folder, result.Calibration.Name + ".json");
        CalibrationSet named = result.Calibration with
        {
            Source = string.Create(
                CultureInfo.InvariantCulture, $"inferometer fit on {result.Runs:N0} {data}; method and errors in docs/fidelity.md"),
        };
        File.WriteAllText(file, CalibrationFile.Write(named));
    }
}
