using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
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
        PathArgument name = new("NAME", PathUse.Name, "Show this system, by name, alias or .json file.", isOptional: true);
        ValueOption<string> search =
            new(["--search", "-s"], Domains.AnyText(), "List only what holds this text: a name, maker, kind or architecture.");
        PathOption catalog = DeploymentOptions.CatalogOption("Folder with hardware/*.json of your own.");
        ValueOption<OutputFormat> format = FormatOptions.Create();
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
            HardwareCatalog systems = Catalogs.From(catalog.Of(parsed)).Hardware;
            TextFilter filter = new(search.Of(parsed));
            printer.Print(
                name.Of(parsed) is { } one
                    ? HardwarePage.Of(systems, one)
                    : HardwarePage.List(systems.Systems.Where(s => Matches(filter, s))),
                format.Of(parsed));
            return ExitCode.Success;
        });
        return command;
    }

    private static bool Matches(TextFilter filter, CatalogSystem entry) => filter.Matches(
        [entry.System.Name, entry.System.Device.Vendor, entry.System.Device.Kind, entry.System.Device.Architecture, .. entry.Aliases]);
}
