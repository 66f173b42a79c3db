using System.Reflection;
using System.Text.Json;

namespace Inferometer.Core.Catalog;

/// <summary>The JSON files of one part of the catalog: those built into the assembly, and those of a user's folder.</summary>
internal static class CatalogFiles
{
    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Parses every built-in file whose resource name starts with <paramref name="part"/> and a slash.</summary>
    public static IEnumerable<(JsonElement Root, string Source)> Embedded(string part)
    {
        Assembly assembly = typeof(CatalogFiles).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(part + "/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            yield return (Parse(stream, "catalog/" + name), "catalog/" + name);
        }
    }

    /// <summary>Parses every .json file in the folder's subfolder <paramref name="part"/>; none where there is no such subfolder.</summary>
    /// <exception cref="InferometerException">The folder is missing, or a file cannot be read or is not valid JSON.</exception>
    public static IEnumerable<(JsonElement Root, string Source)> InFolder(string folder, string part)
    {
        if (!Directory.Exists(folder))
        {
            throw new InferometerException(
                $"'{folder}': no such catalog folder; it should hold the subfolders 'models' or 'hardware' with JSON files.");
        }

        string subfolder = Path.Combine(folder, part);
        if (!Directory.Exists(subfolder))
        {
            yield break;
        }

        foreach (string file in Directory.EnumerateFiles(subfolder, "*.json").Order(StringComparer.Ordinal))
        {
            yield return (Read(file), file);
        }
    }

    /// <summary>Parses one file.</summary>
    public static JsonElement Read(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            return Parse(stream, file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InferometerException($"{file}: cannot be read: {FileFault.Describe(error, file)}", error);
        }
    }

    private static JsonElement Parse(Stream stream, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(stream, Options);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new InferometerException($"{source}: a catalog entry is a JSON object, this is {document.RootElement.ValueKind}.");
        }
        catch (JsonException error)
        {
            throw new InferometerException($"{source}: not valid JSON: {JsonFault.Describe(error)}", error);
        }
    }
}
