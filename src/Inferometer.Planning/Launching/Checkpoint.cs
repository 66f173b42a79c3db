using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;

namespace Inferometer.Planning.Launching;

/// <summary>What a program is to load: a model as it is published, or a checkpoint of it in another format.</summary>
public sealed record Checkpoint
{
    /// <summary>Its name, or a path.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes of its weights.</summary>
    public required double Bytes { get; init; }

    /// <summary>Its weights are in the format that the deployment has them in, and it says so itself.</summary>
    public bool IsInFormat { get; init; }

    /// <summary>
    /// The checkpoint of a model for a format of weights: one of the catalog that is named after the model and the format, such as
    /// Qwen/Qwen3-32B-FP8, where there is one; otherwise the model's own.
    /// </summary>
    /// <param name="models">The catalog.</param>
    /// <param name="model">The model: a name of the catalog, or a path.</param>
    /// <param name="weights">The format; <c>published</c> = the checkpoint's own.</param>
    /// <exception cref="InferometerException">The model is not known.</exception>
    public static Checkpoint Of(ModelCatalog models, string model, string weights)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(weights);
        ModelArchitecture own = models.Resolve(model);
        string name = $"{LastOf(own.Name)}-{weights}";
        CatalogModel? stored = models.Models
            .Where(m => string.Equals(LastOf(m.Name), name, StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(m => m.Name.StartsWith(own.Name, StringComparison.OrdinalIgnoreCase)) // of the model's own publisher
            .FirstOrDefault(m => string.Equals(m.Architecture.PublishedWeights?.Main.Name, weights, StringComparison.OrdinalIgnoreCase));
        return new Checkpoint
        {
            Name = stored?.Name ?? own.Name,
            Bytes = BytesOf(stored?.Architecture ?? own),
            IsInFormat = stored is not null,
        };
    }

    private static double BytesOf(ModelArchitecture model) => ResolvedWeights.Of(
        model, model.PublishedWeights ?? WeightFormats.Of(Precision.Bf16, "checkpoint")).TotalBytes;

    private static string LastOf(string name) => name[(name.TrimEnd('/').LastIndexOf('/') + 1)..];
}
