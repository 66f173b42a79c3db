using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Measurement.Local;
using Inferometer.Reports.Fitting;

namespace Inferometer.Cli.Commands;

/// <content>Calibrates to this machine and the engine on it.</content>
internal sealed partial class CalibrateCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    private async Task<int> LocalAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        foreach (Option idle in new Option[]
            { _measurements, _model, _system, _framework, _bits, _tensor, _attention, _expert, _sequences })
        {
            if (parsed.IsGiven(idle))
            {
                throw new UsageException($"{idle.Name}: --local measures by itself; leave it out.");
            }
        }

        string name = parsed.IsGiven(_name) ? _name.Of(parsed) : "this_machine";
        if (HardwareCatalog.BuiltIn.TryFind(name) is { } known)
        {
            throw new InferometerException($"--name: '{name}' is a machine of the catalog ({known.Name}); give this one another name.");
        }

        using Interrupt interrupt = new(cancellationToken);
        StageProgress progress = new(_printer, "calibration");
        LocalCalibrationResult result = await LocalCalibration.RunAsync(name, _threads.Of(parsed), progress, interrupt.Token)
            .ConfigureAwait(false);
        List<string> written = [];
        if (_catalog.Of(parsed) is { } folder)
        {
            string hardware = Path.Combine(folder, "hardware");
            Directory.CreateDirectory(hardware);
            written.Add(Path.Combine(hardware, name + ".json"));
            await File.WriteAllTextAsync(written[0], result.Machine.ToJson().ToJsonString(Indented) + "\n", interrupt.Token)
                .ConfigureAwait(false);
            written.Add(Write(folder, name, result.Calibration, string.Create(
                CultureInfo.InvariantCulture,
                $"inferometer calibrate --local: {result.Steps.Count} steps of the engine with {result.Limits.Threads} threads. "
                    + $"{result.Pace.Summary}")));
        }

        _printer.Print(LocalCalibrationPage.Of(result, _catalog.Of(parsed), written), _format.Of(parsed));
        return ExitCode.Success;
    }
}
