using System.Text.Json;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;

namespace Inferometer.Core.Catalog;

/// <summary>
/// The models that can be named: the built-in ones and those of a user's folder, which extend or override them. Immutable; thread-safe.
/// </summary>
public sealed class ModelCatalog
{
    // What is longer is no name of a model, and is not taken apart.
    private const int LongestName = 200;

    private const string Hub = "https://huggingface.co/";
    private static readonly Lazy<ModelCatalog> BuiltInCatalog = new(() => new ModelCatalog(null));
    private readonly NameIndex<CatalogModel> _index = new();

    private ModelCatalog(string? folder)
    {
        var entries = new Dictionary<string, CatalogModel>(StringComparer.OrdinalIgnoreCase);
        foreach ((JsonElement root, string source) in CatalogFiles.Embedded("models"))
        {
            Conflicts.AddRange(Add(entries, root, source));
        }

        foreach ((JsonElement root, string source) in folder is null ? [] : CatalogFiles.InFolder(folder, "models"))
        {
            Add(entries, root, source);
        }

        Models = [.. entries.Values.OrderBy(m => m.Name, StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>The catalog that ships with the program.</summary>
    public static ModelCatalog BuiltIn => BuiltInCatalog.Value;

    /// <summary>All models by name.</summary>
    public IReadOnlyList<CatalogModel> Models { get; }

    /// <summary>Names in the built-in files that two entries claim; kept empty by a test.</summary>
    internal List<string> Conflicts { get; } = [];

    /// <summary>The built-in catalog, extended or overridden by the files in the folder's subfolder <c>models</c>.</summary>
    /// <exception cref="InferometerException">The folder or one of its files cannot be read.</exception>
    public static ModelCatalog WithFolder(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return new ModelCatalog(folder);
    }

    /// <summary>
    /// Finds a model by name or alias; case and the separators <c>-</c> and <c>_</c> do not count, and the organisation may be left out;
    /// a model's address on huggingface.co does as well. Null where there is none.
    /// </summary>
    public CatalogModel? TryFind(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _index.Find(name.StartsWith(Hub, StringComparison.OrdinalIgnoreCase) ? name[Hub.Length..].TrimEnd('/') : name);
    }

    /// <summary>Finds a model by name or alias.</summary>
    /// <exception cref="InferometerException">There is none; the message offers near names.</exception>
    public CatalogModel Find(string name) => TryFind(name) ?? throw new InferometerException(
        string.IsNullOrWhiteSpace(name)
            ? "The name of a model is empty; give one of the catalog, or a path to a config.json, a model folder or a .gguf file."
            : $"'{name}' is not a model of the catalog, nor a path to a config.json, a model folder or a .gguf "
                + $"file.{Quantized(name) ?? _index.Suggest(name, "models")}");

    // Checkpoints in other formats are not in the catalog by their own names; the model with its format is the same to the simulator.
    private string? Quantized(string name)
    {
        if (name.Length > LongestName || !QuantizedName.TryRead(name, out QuantizedName? quantized))
        {
            return null;
        }

        string last = quantized.Model[(quantized.Model.LastIndexOf('/') + 1)..];
        return _index.Find(last) is not { } model ? _index.Suggest(last, "models")
            : quantized.Options.Length > 0 ? $" Give '{model.Name}' with the format that the name says: {quantized.Options}."
            : $" Give '{model.Name}' with the format of the file, such as --weights q4_k_m, or the path of the .gguf file.";
    }

    /// <summary>
    /// The architecture under a catalog name or alias, or read from a config.json, a Hugging Face folder, or a GGUF file.
    /// </summary>
    /// <param name="nameOrPath">A name wins over a path of the same spelling, unless it is written as a path (<c>./llama</c>,
    /// <c>x.json</c>, <c>x.gguf</c>).</param>
    /// <exception cref="InferometerException">Neither a known name nor a readable model.</exception>
    public ModelArchitecture Resolve(string nameOrPath)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        bool gguf = nameOrPath.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
        bool written = gguf || nameOrPath.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
            || nameOrPath.StartsWith('.') || Path.IsPathRooted(nameOrPath);
        if (!written && TryFind(nameOrPath) is { } model)
        {
            return model.Architecture;
        }

        if (gguf)
        {
            ModelArchitecture read = GgufArchitectureReader.Read(nameOrPath);
            return read.IsEncoder ? throw NotDecoders.RefusalToPrice(read) : read;
        }

        return written || Directory.Exists(nameOrPath) || File.Exists(nameOrPath)
            ? HuggingFaceConfigReader.Read(nameOrPath)
            : Find(nameOrPath).Architecture;
    }

    private IReadOnlyList<string> Add(Dictionary<string, CatalogModel> entries, JsonElement root, string source)
    {
        var fields = new JsonFields(root, source);
        string name = fields.Text("name") ?? throw fields.Wrong("name", "the model's Hugging Face id");
        if (!root.TryGetProperty("config", out JsonElement config) || config.ValueKind != JsonValueKind.Object)
        {
            throw fields.Wrong("config", "an object with the fields of a config.json");
        }

        string[] aliases = fields.Texts("aliases") ?? [];
        string origin = fields.Text("source") ?? throw fields.Wrong("source", "text that says where the figures come from");
        var model =
            new CatalogModel(name, aliases, origin, () => HuggingFaceConfigReader.Parse(config, source, name) with { Source = origin });
        entries[name] = model;
        return _index.Add(model, name, aliases);
    }
}
