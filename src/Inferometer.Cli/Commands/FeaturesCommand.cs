using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Reports.Documents;
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
            printer.Print(
                parsed.GetValue(name) is { } one ? Show(registry.Describe(one)) : List(registry.Available, new TextFilter(parsed.GetValue(search))),
                parsed.GetValue(format));
            return ExitCode.Success;
        });
        return command;
    }

    private static Document List(IReadOnlyList<FeatureMetadata> features, TextFilter filter)
    {
        Table table = new("features", null, Column.Text("feature", "name"), Column.Text("category", "category"), Column.Text("what it does", "description"));
        foreach (FeatureMetadata feature in features.Where(f => filter.Matches(f.Name, f.Category.ToString(), f.Description)))
        {
            table.Add(feature.Name, Category(feature), feature.Description);
        }

        return new Document(table);
    }

    private static Document Show(FeatureMetadata feature)
    {
        Facts facts = new(null,
        [
            new("Feature", "name", feature.Name),
            new("What it does", "description", feature.Description),
            new("Category", "category", Category(feature)),
            new("Version", "version", feature.Version),
            new("Needs one of", "requires_any_of", Cell.List(feature.RequiresAnyOf)),
            new("Excludes", "conflicts_with", Cell.List(feature.ConflictsWith)),
        ]);
        Table parameters = new(
            "parameters", "Parameters", Column.Text("name", "name"), Column.Text("default", "default"), Column.Text("meaning", "description"));
        foreach (FeatureParameter parameter in feature.Parameters)
        {
            parameters.Add(parameter.Name, DefaultOf(parameter), parameter.Description);
        }

        return feature.Parameters.Count == 0 ? new Document(facts) : new Document(facts, parameters);
    }

    private static Cell DefaultOf(FeatureParameter parameter) => parameter.Default switch
    {
        null => new Cell("required", null),
        "{}" => new Cell("as said", "{}"),
        "[]" => new Cell("empty", "[]"),
        string value => value,
    };

    private static string Category(FeatureMetadata feature) => feature.Category.ToString().ToLowerInvariant();
}
