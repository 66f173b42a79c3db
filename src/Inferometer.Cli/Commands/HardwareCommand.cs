using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Core.Catalog;
using Inferometer.Reports.Hardware;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer hardware</c>: the machines that can be named.</summary>
internal static class HardwareCommand
{
    public static Command Create(Printer printer)
    {
        Argument<string?> name = new("NAME") { Description = "Show this system, by name, alias or .json file.", Arity = ArgumentArity.ZeroOrOne };
        Option<string> search = new("--search", "-s") { HelpName = "TEXT", Description = "List only what holds this text: a name, maker, kind or architecture." };
        Option<string> catalog = new("--catalog") { HelpName = "FOLDER", Description = "Folder with hardware/*.json of your own." };
        Option<OutputFormat> format = Printer.FormatOption();
        ExampleCommand command = new(
            "hardware",
            "Lists the systems of the catalog, or shows one with its peaks, memory, links, price and the source of each figure.",
            "inferometer hardware",
            "inferometer hardware --search hopper",
            "inferometer hardware h100",
            "inferometer hardware --format csv")
        {
            name, search, catalog, format,
        };
        command.SetAction(parsed =>
        {
            HardwareCatalog systems = Catalogs.From(parsed.GetValue(catalog)).Hardware;
            TextFilter filter = new(parsed.GetValue(search));
            printer.Print(
                parsed.GetValue(name) is { } one
                    ? HardwarePage.Of(systems, one)
                    : HardwarePage.List(systems.Systems.Where(s => Matches(filter, s))),
                parsed.GetValue(format));
            return ExitCode.Success;
        });
        return command;
    }

    private static bool Matches(TextFilter filter, CatalogSystem entry) => filter.Matches(
        [entry.System.Name, entry.System.Device.Vendor, entry.System.Device.Kind, entry.System.Device.Architecture, .. entry.Aliases]);
}
