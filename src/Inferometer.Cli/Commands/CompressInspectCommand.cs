using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Compression.Profiles;
using Inferometer.Reports.Compression;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer compress inspect</c>: ranks, bits and energy of a profile per layer and head.</summary>
internal sealed class CompressInspectCommand
{
    private readonly PathArgument _profile = new("PROFILE", PathUse.ReadFile, "A profile file.", isOptional: false);
    private readonly ValueOption<string> _level = new(
        ["--level"], Domains.Word(("low", "low"), ("med", "med"), ("high", "high")), "Level to show head by head.")
    { Fallback = "med" };

    private readonly PathOption _html = new(["--html"], PathUse.WriteFile, "Also write the heat maps of all levels as a page.");
    private readonly ValueOption<OutputFormat> _format = FormatOptions.Create();
    private readonly Printer _printer;

    private CompressInspectCommand(Printer printer) => _printer = printer;

    public static Command Create(Printer printer)
    {
        CompressInspectCommand self = new(printer);
        ExampleCommand command = new(
            "inspect",
            "Shows a profile: its levels with their measured losses, and ranks, bits and energy of every head as a heat map.",
            "inferometer compress inspect model.kvprofile",
            "inferometer compress inspect model.kvprofile --level low --html map.html")
        {
            self._profile, self._level, self._html, self._format,
        };
        command.SetAction(self.Run);
        return command;
    }

    private Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = _profile.Of(parsed)!;
        CompressionProfile profile = CompressionProfile.Load(path);
        ProfileLevel level = profile.Level(_level.Of(parsed));
        if (_html.Of(parsed) is { } html)
        {
            File.WriteAllText(html, HeatMapPage.Of(profile, path));
        }

        _printer.Print(ProfilePage.Of(profile, path, level), _format.Of(parsed));
        return Task.FromResult(ExitCode.Success);
    }
}
