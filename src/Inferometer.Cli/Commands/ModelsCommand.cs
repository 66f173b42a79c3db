using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Models;
using Inferometer.Reports.Writers;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer models</c>: the models that can be named.</summary>
internal static class ModelsCommand
{
    public static Command Create(Printer printer)
    {
        Argument<string?> name = new("NAME") { Description = "Show this model, by name, alias or path.", Arity = ArgumentArity.ZeroOrOne };
        Option<string> search = new("--search", "-s") { HelpName = "TEXT", Description = "List only what holds this text: a name, alias or type." };
        Option<string> catalog = new("--catalog") { HelpName = "FOLDER", Description = "Folder with models/*.json of your own." };
        Option<OutputFormat> format = Printer.FormatOption();
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
            ModelCatalog models = Catalogs.From(parsed.GetValue(catalog)).Models;
            printer.Print(
                parsed.GetValue(name) is { } one ? ModelPage.Of(models.Resolve(one), models.TryFind(one)) : List(models.Models, new TextFilter(parsed.GetValue(search))),
                parsed.GetValue(format));
            return ExitCode.Success;
        });
        return command;
    }

    private static Document List(IReadOnlyList<CatalogModel> models, TextFilter filter)
    {
        Table table = new(
            "models",
            null,
            Column.Text("model", "name"),
            Column.Text("type", "model_type") with { Audience = Audience.Machines },
            Column.Number("params", "parameters"),
            Column.Number("active", "active_parameters"),
            Column.Number("layers", "layers"),
            Column.Number("hidden", "hidden_size") with { Audience = Audience.Machines },
            Column.Text("attention", "attention"),
            Column.Number("context", "max_context_tokens"),
            Column.Number("KV/tok", "kv_bytes_per_token_bf16"),
            Column.Text("aliases", "aliases") with { Audience = Audience.Machines });
        foreach (CatalogModel entry in models.Where(m => filter.Matches([m.Name, .. m.Aliases, m.Architecture.ModelType])))
        {
            ModelArchitecture model = entry.Architecture;
            ParameterCount count = ParameterCount.Of(model);
            double kv = ModelMemory.Of(model, 1, Precision.Bf16, Precision.Bf16).KvBytesPerToken;
            table.Add(
                entry.Name, model.ModelType, Cell.Number(count.Total, Numbers.Count(count.Total)), Cell.Number(count.Active, Numbers.Count(count.Active)),
                model.LayerCount, model.HiddenSize, ModelDescription.Brief(model), Context(model.MaxContextTokens), Cell.Number(kv, Numbers.Bytes(kv)), Cell.List(entry.Aliases));
        }

        return new Document(table);
    }

    // Contexts are mostly powers of two: 131,072 tokens are what everyone calls 128K.
    private static Cell Context(int tokens) => Cell.Number(tokens, tokens % 1024 == 0
        ? (tokens / 1024).ToString(CultureInfo.InvariantCulture) + "K"
        : Numbers.Whole(tokens));
}
