using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
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
        Argument<string?> name = new("NAME") { Description = "Show this feature.", Arity = ArgumentArity.ZeroOrOne };
        Option<string> search = new("--search", "-s") { HelpName = "TEXT", Description = "List only what holds this text." };
        Option<OutputFormat> format = Printer.FormatOption();
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
            TextFilter filter = new(parsed.GetValue(search));
            printer.Print(
                parsed.GetValue(name) is { } one
                    ? FeaturePage.Of(registry.Describe(one))
                    : FeaturePage.List(registry.Available.Where(f => Matches(filter, f))),
                parsed.GetValue(format));
            return ExitCode.Success;
        });
        return command;
    }

    private static bool Matches(TextFilter filter, FeatureMetadata feature) => filter.Matches(feature.Name, feature.Category.ToString(), feature.Description);
}
