using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Reports.Features;
using Inferometer.Reports.Writers;
using Inferometer.Simulation;
using Inferometer.Simulation.Features;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer features</c>: what can be switched on in an estimate.</summary>
internal static class FeaturesCommand
{
    public static Command Create(Printer printer)
    {
        PathArgument name = new("NAME", PathUse.Name, "Show this feature.", isOptional: true);
        ValueOption<string> search = new(["--search", "-s"], Domains.AnyText(), "List only what holds this text.");
        ValueOption<OutputFormat> format = FormatOptions.Create();
        ExampleCommand command = new(
            "features",
            "Lists the features of the simulator, or shows one with its parameters.",
            "inferometer features",
            "inferometer features lora")
        {
            name, search, format,
        };
        command.SetAction(parsed =>
        {
            FeatureRegistry registry = new SimulationEngine().Features;
            TextFilter filter = new(search.Of(parsed));
            printer.Print(
                name.Of(parsed) is { } one
                    ? FeaturePage.Of(registry.Describe(one))
                    : FeaturePage.List(registry.Available.Where(f => Matches(filter, f))),
                format.Of(parsed));
            return ExitCode.Success;
        });
        return command;
    }

    private static bool Matches(TextFilter filter, FeatureMetadata feature) =>
        filter.Matches(feature.Name, feature.Category.ToString(), feature.Description);
}
