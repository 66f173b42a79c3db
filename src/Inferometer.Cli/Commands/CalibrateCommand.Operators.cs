using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Measurement.Fitting;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Reports.Fitting;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Commands;

/// <content>Calibrates to operators that were timed by themselves: a profile of a machine.</content>
internal sealed partial class CalibrateCommand
{
    private int Operators(ParseResult parsed, Catalogs catalogs, PublishedTable[] tables, CancellationToken cancellationToken)
    {
        if (tables.FirstOrDefault(t => t.Operators.Count == 0) is { } other)
        {
            throw new InferometerException(
                $"--measurements: '{other.Path}' holds whole results ({other.Layout}), other files operators; "
                    + "calibrate to each by itself.");
        }

        if (parsed.IsGiven(_sequences))
        {
            throw new UsageException("--max-num-seqs: operators are timed without a service; leave it out.");
        }

        string? system = parsed.IsGiven(_system) ? catalogs.Hardware.Find(_system.Of(parsed)).Name : null;
        string? framework = parsed.IsGiven(_framework) ? _framework.Of(parsed) : null;
        Dictionary<string, (int Count, string First)> problems = new(StringComparer.Ordinal);
        List<TimedOperator> timings = [];
        foreach (PublishedTable table in tables)
        {
            timings.AddRange(MeasuredOperators.Of(
                table, new ReplaySetup(catalogs, PublishedNames.ConfigFolderOf(table.Path), "calibrated"), system, framework,
                Left));
        }

        string[] leftOut = [.. problems.Select(p => string.Create(
            CultureInfo.InvariantCulture, $"{p.Key}: {p.Value.First}{(p.Value.Count > 1 ? $" and {p.Value.Count - 1:N0} more" : "")}"))];
        if (timings.Count == 0)
        {
            string of = system is null ? "" : $" of {system}";
            throw new InferometerException(
                $"--measurements: '{tables[0].Path}' holds no operator{of} to calibrate to. {leftOut.FirstOrDefault()}".TrimEnd());
        }

        string name = parsed.IsGiven(_name) ? _name.Of(parsed) : Path.GetFileNameWithoutExtension(tables[0].Path);
        OperatorFit fit = OperatorFitter.Fit(name, CalibrationSet.BuiltIn, timings, cancellationToken);
        string? written = _catalog.Of(parsed) is not { } folder ? null : Write(folder, name, fit.Calibration, string.Create(
            CultureInfo.InvariantCulture,
            $"inferometer calibrate on {timings.Count} timings of operators of ")
            + string.Join(", ", tables.Select(t => Path.GetFileName(t.Path))));
        _printer.Print(OperatorCalibrationPage.Of(fit, CalibrationSet.BuiltIn, leftOut, written), _format.Of(parsed));
        return ExitCode.Success;

        void Left(string id, string why) =>
            problems[why] = problems.TryGetValue(why, out (int Count, string First) said) ? (said.Count + 1, said.First) : (1, id);
    }
}
