using System.Text.Json;
using System.Text.Json.Serialization;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Planning;

namespace Inferometer.Measurement.Replay;

/// <summary>
/// What the names in published tables stand for: machines and models of the catalog, and number formats. Names that the catalog does not
/// know as they stand are listed in <c>catalog/published/names.json</c>; a model that it does not have may be described by a
/// <c>config.json</c> in a folder. Thread-safe.
/// </summary>
public sealed class PublishedNames
{
    private const string Unknown = "unknown:";

    // What makers of re-quantised checkpoints append to the name of the model.
    private static readonly string[] Suffixes = ["FP8", "NVFP4", "FP4", "MXFP4", "INT4", "INT8", "AWQ", "GPTQ", "W4A16", "W8A8", "BF16"];

    private static readonly Lazy<NameFile> BuiltIn = new(NameFile.Load);
    private readonly Catalogs _catalogs;
    private readonly string? _configFolder;

    /// <summary>Looks names up.</summary>
    /// <param name="catalogs">Models and machines that are known.</param>
    /// <param name="configFolder">Folder of configurations named <c>ORGANISATION--MODEL.json</c>; null or missing = none.</param>
    public PublishedNames(Catalogs catalogs, string? configFolder = null)
    {
        ArgumentNullException.ThrowIfNull(catalogs);
        _catalogs = catalogs;
        _configFolder = configFolder is not null && Directory.Exists(configFolder) ? configFolder : null;
    }

    /// <summary>The folder of configurations that belongs to a table of measurements: <c>models</c> beside it.</summary>
    /// <param name="table">Path of the table.</param>
    public static string ConfigFolderOf(string table) =>
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(table)) ?? ".", "models");

    /// <summary>The catalog name of a machine.</summary>
    public NameMatch SystemOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (BuiltIn.Value.Systems.TryGetValue(name, out string? listed))
        {
            return Listed(listed);
        }

        return _catalogs.Hardware.TryFind(name) is { } system
            ? NameMatch.Of(system.Name)
            : NameMatch.None($"machine '{name}' is not in the catalog");
    }

    /// <summary>The catalog name of a model, or the path of its file or its configuration.</summary>
    public NameMatch ModelOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (BuiltIn.Value.Models.TryGetValue(name, out string? listed))
        {
            return Listed(listed);
        }

        if ((_catalogs.Models.TryFind(name) ?? _catalogs.Models.TryFind(WithoutFormat(name))) is { } model)
        {
            return NameMatch.Of(model.Name);
        }

        if (name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && File.Exists(name))
        {
            return NameMatch.Of(name);
        }

        return _configFolder is not null && ConfigOf(name) is { } file
            ? NameMatch.Of(file)
            : NameMatch.None($"model '{name}' is not in the catalog, nor described by a file beside the table");
    }

    /// <summary>The number format under a published name.</summary>
    /// <param name="name">Such as <c>q4_k_m</c>, <c>FP8</c> or <c>W4A16</c>.</param>
    public NameMatch FormatOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (BuiltIn.Value.Formats.TryGetValue(name, out string? listed))
        {
            return Listed(listed);
        }

        try
        {
            return NameMatch.Of(Precision.Parse(name, "precision").Name);
        }
        catch (InferometerException)
        {
            return NameMatch.None($"number format '{name}' is not known");
        }
    }

    /// <summary>
    /// Whether a source says tensor parallelism of models with experts whose attention was data parallel, as its commands have it.
    /// </summary>
    /// <param name="source">Name of the source.</param>
    internal static bool SpreadsAttention(string source) => BuiltIn.Value.AttentionDataParallel.ContainsKey(source);

    /// <summary>The framework's release that a source's rows are of where they say none; empty = today's, as far as is known.</summary>
    /// <param name="source">Name or address of the source.</param>
    internal static string ReleaseOf(string source) => BuiltIn.Value.Releases.GetValueOrDefault(source, "");

    /// <summary>A machine that was found.</summary>
    internal HardwareSystem System(string catalogName) => _catalogs.Hardware.Find(catalogName);

    /// <summary>A model that was found.</summary>
    internal Core.Models.ModelArchitecture Model(string catalogNameOrPath) => _catalogs.Models.Resolve(catalogNameOrPath);

    private static NameMatch Listed(string text) => text.StartsWith(Unknown, StringComparison.Ordinal)
        ? NameMatch.None(text[Unknown.Length..].Trim())
        : NameMatch.Of(text);

    private static string WithoutFormat(string name)
    {
        string bare = name[(name.LastIndexOf('/') + 1)..];
        foreach (string suffix in Suffixes)
        {
            if (bare.EndsWith("-" + suffix, StringComparison.OrdinalIgnoreCase)
                || bare.EndsWith(" " + suffix, StringComparison.OrdinalIgnoreCase))
            {
                return bare[..^(suffix.Length + 1)];
            }
        }

        return bare;
    }

    private string? ConfigOf(string name)
    {
        string file = Path.Combine(_configFolder!, name.Replace("/", "--", StringComparison.Ordinal) + ".json");
        return name.IndexOfAny(Path.GetInvalidFileNameChars().Except(['/']).ToArray()) < 0 && File.Exists(file) ? file : null;
    }
}

/// <summary>The names of <c>catalog/published/names.json</c>.</summary>
internal sealed record NameFile
{
    public required Dictionary<string, string> Systems { get; init; }

    public required Dictionary<string, string> Models { get; init; }

    public required Dictionary<string, string> Formats { get; init; }

    /// <summary>Sources whose tensor parallelism of models with experts is attention data parallelism, and where that stands.</summary>
    public required Dictionary<string, string> AttentionDataParallel { get; init; }

    /// <summary>Sources whose rows are of a release before today's and do not say so, and which.</summary>
    public required Dictionary<string, string> Releases { get; init; }

    public static NameFile Load()
    {
        using Stream stream = typeof(NameFile).Assembly.GetManifestResourceStream("published/names.json")!;
        return JsonSerializer.Deserialize(stream, NameJson.Default.NameFile)!;
    }
}

/// <summary>Reads the names without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NameFile))]
internal sealed partial class NameJson : JsonSerializerContext;
