using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Compression.Profiles;
using Inferometer.Reports.Compression;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer compress inspect</c>: ranks, bits and energy of a profile per layer and head.</summary>
internal sealed class CompressInspectCommand
{
    private readonly Argument<string> _profile = new("PROFILE") { Description = "A profile file." };
    private readonly Option<string> _level = new("--level") { HelpName = "low|med|high", Description = "Level to show head by head.", DefaultValueFactory = _ => "med" };
    private readonly Option<string> _html = new("--html") { HelpName = "FILE", Description = "Also write the heat maps of all levels as a page." };
    private readonly Option<OutputFormat> _format = Printer.FormatOption();
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
        string path = parsed.GetValue(_profile)!;
        CompressionProfile profile = CompressionProfile.Load(path);
        ProfileLevel level = profile.Level(parsed.GetValue(_level)!);
        if (parsed.GetValue(_html) is { } html)
        {
            File.WriteAllText(html, HeatMapPage.Of(profile, path));
        }

        _printer.Print(ProfilePage.Of(profile, path, level), parsed.GetValue(_format));
        return Task.FromResult(ExitCode.Success);
    }
}
