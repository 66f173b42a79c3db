using System.Globalization;
using Inferometer.Core.Catalog;
using Inferometer.Core.Models;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Models;

/// <summary>Models of the catalog, a row each.</summary>
public static class ModelListPage
{
    /// <summary>The list.</summary>
    public static Document Of(IEnumerable<CatalogModel> models)
    {
        ArgumentNullException.ThrowIfNull(models);
        Table table = new(
            "models",
            null,
            Column.Text("model", "name") with { IsWhole = true },
            Column.Text("type", "model_type") with { Audience = Audience.Machines },
            Column.Number("params", "parameters"),
            Column.Number("active", "active_parameters"),
            Column.Number("layers", "layers") with { IsMinor = true },
            Column.Number("hidden", "hidden_size") with { Audience = Audience.Machines },
            Column.Text("attention", "attention") with { IsMinor = true },
            Column.Number("context", "max_context_tokens"),
            Column.Number("KV/tok", "kv_bytes_per_token_bf16"),
            Column.Text("aliases", "aliases") with { Audience = Audience.Machines });
        foreach (CatalogModel entry in models)
        {
            ModelArchitecture model = entry.Architecture;
            ParameterCount count = ParameterCount.Of(model);
            double kv = ModelMemory.KvBytesPerToken(model);
            table.Add(
                entry.Name, model.ModelType, Cell.Number(count.Total, Numbers.Count(count.Total)),
                Cell.Number(count.Active, Numbers.Count(count.Active)), model.LayerCount, model.HiddenSize, ModelDescription.Brief(model),
                Context(model.MaxContextTokens), Cell.Number(kv, Numbers.Bytes(kv)), Cell.List(entry.Aliases));
        }

        return new Document(table);
    }

    // Contexts are mostly powers of two: 131,072 tokens are what everyone calls 128K.
    private static Cell Context(int tokens) => Cell.Number(tokens, tokens % 1024 == 0
        ? (tokens / 1024).ToString(CultureInfo.InvariantCulture) + "K"
        : Numbers.Whole(tokens));
}
