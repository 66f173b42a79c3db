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

/// <summary><c>inferometer calibrate</c>: a handful of measurements of one's own correct the estimates of that deployment.</summary>
internal sealed class CalibrateCommand
{
    private const int MostRuns = 200;

    private readonly PathOption _measurements = new(
        ["--measurements", "-m"], PathUse.ReadFile, "Table of serving runs, CSV, with columns as of silicon.csv; one to eight will do.",
        "required")
    {
        Required = true,
    };

    private readonly PathOption _catalog = new(
        ["--catalog"], PathUse.WriteFolder,
        "Folder to keep the calibration in (calibration/NAME.json), for --catalog of estimate and others; as it comes, nothing is "
            + "written.");

    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private CalibrateCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        CalibrateCommand self = new(printer);
        ExampleCommand command = new(
            "calibrate",
            "Corrects the calibrated cost model by measurements of your own deployment, and says which to take next.",
            "inferometer calibrate --measurements my-runs.csv",
            "inferometer calibrate --measurements my-runs.csv --catalog ./catalog")
        {
            self._measurements, self._catalog, self._format,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => self.Run(parsed, cancellationToken), cancellationToken));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = _measurements.Of(parsed)!;
        string? folder = _catalog.Of(parsed);
        PublishedTable table = PublishedTableReader.Read(path);
        ReplaySetup setup = new(
            Catalogs.From(Directory.Exists(folder) ? folder : null), PublishedNames.ConfigFolderOf(path), "calibrated");
        List<string> problems = [];
        IReadOnlyList<ServingRun> runs = MeasuredRuns.Of(table, setup, (id, why) => problems.Add($"{id}: {why}"));
        if (runs.Count is 0 or > MostRuns)
        {
            throw new InferometerException(runs.Count == 0
                ? $"--measurements: '{path}' holds no run to calibrate to. {string.Join(' ', problems.Take(3))}".TrimEnd()
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"--measurements: '{path}' holds {runs.Count} runs; more than {MostRuns} are a matter for 'fit'."));
        }

        string name = Path.GetFileNameWithoutExtension(path);
        UserCalibrationResult result = UserCalibration.Fit(name, CalibrationSet.BuiltIn, runs, cancellationToken);
        string? written = null;
        if (folder is not null)
        {
            string own = Path.Combine(folder, "calibration");
            Directory.CreateDirectory(own);
            string file = Path.Combine(own, name + ".json");
            CalibrationSet named = result.Calibration with
            {
                Source = string.Create(
                    CultureInfo.InvariantCulture, $"inferometer calibrate on {runs.Count} runs of {Path.GetFileName(path)}"),
            };
            File.WriteAllText(file, CalibrationFile.Write(named));
            written = file;
        }

        _printer.Print(CalibrationPage.Of(result, problems, written), _format.Of(parsed));
        return ExitCode.Success;
    }
}
