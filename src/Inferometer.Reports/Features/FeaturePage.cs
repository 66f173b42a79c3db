using Inferometer.Reports.Documents;
using Inferometer.Simulation.Features;

namespace Inferometer.Reports.Features;

/// <summary>Features of the simulator as pages: a list of them, or one with its parameters.</summary>
public static class FeaturePage
{
    /// <summary>Some features, a row each.</summary>
    public static Document List(IEnumerable<FeatureMetadata> features)
    {
        ArgumentNullException.ThrowIfNull(features);
        Table table = new(
            "features", null, Column.Text("feature", "name"), Column.Text("category", "category"),
            Column.Text("what it does", "description"));
        foreach (FeatureMetadata feature in features)
        {
            table.Add(feature.Name, Category(feature), feature.Description);
        }

        return new Document(table);
    }

    /// <summary>One feature with its parameters.</summary>
    public static Document Of(FeatureMetadata feature)
    {
        ArgumentNullException.ThrowIfNull(feature);
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
            "parameters", "Parameters", Column.Text("name", "name"), Column.Text("default", "default"),
            Column.Text("meaning", "description"));
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
