using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core.Catalog;
using Inferometer.Reports.Models;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer models</c>: the models that can be named.</summary>
internal static class ModelsCommand
{
    public static Command Create(Printer printer)
    {
        PathArgument name = new("NAME", PathUse.Name, "Show this model, by name, alias or path.", isOptional: true);
        ValueOption<string> search = new(["--search", "-s"], Domains.AnyText(), "List only what holds this text: a name, alias or type.");
        PathOption catalog = DeploymentOptions.CatalogOption("Folder with models/*.json of your own.");
        ValueOption<OutputFormat> format = FormatOptions.Create();
        ExampleCommand command = new(
            "models",
            "Lists the models of the catalog, or shows one with its architecture, exact parameters by part, and memory.",
            "inferometer models",
            "inferometer models --search qwen3",
            "inferometer models llama-3.1-8b",
            "inferometer models ./my-model/config.json",
            "inferometer models --format csv")
        {
            name, search, catalog, format,
        };
        command.SetAction(parsed =>
        {
            ModelCatalog models = Catalogs.From(catalog.Of(parsed)).Models;
            TextFilter filter = new(search.Of(parsed));
            printer.Print(
                name.Of(parsed) is { } one
                    ? ModelPage.Of(models.Resolve(one), models.TryFind(one))
                    : ModelListPage.Of(models.Models.Where(m => Matches(filter, m))),
                format.Of(parsed));
            return ExitCode.Success;
        });
        return command;
    }

    private static bool Matches(TextFilter filter, CatalogModel entry) =>
        filter.Matches([entry.Name, .. entry.Aliases, entry.Architecture.ModelType]);
}
