using System.Text.Json;
using System.Text.Json.Nodes;

namespace Inferometer.Core.Catalog;

/// <summary>
/// Makes an entry of each variant that a file lists under its own: a merge patch (RFC 7396) of what differs, mostly the memory, and a
/// suffix to every name.
/// </summary>
internal static class CatalogVariants
{
    private const string Own = "variant";
    private const string Others = "variants";
    private static readonly string[] NameFields = ["name", "aliases"];

    /// <summary>The entry itself and then its variants, each as if it had a file to itself.</summary>
    /// <exception cref="InferometerException">The variants are no objects, or <c>variant</c> is missing beside them.</exception>
    public static IEnumerable<JsonElement> Of(JsonElement root, string source)
    {
        var fields = new JsonFields(root, source);
        if (fields.Object(Others) is not { } variants)
        {
            return [root];
        }

        string own = fields.Text(Own) ?? throw fields.Wrong(Own, "text that tells the entry itself from its variants, such as 128GB");
        string name = fields.Text(NameFields[0]) ?? throw fields.Wrong(NameFields[0], "the system's name");
        string[] aliases = fields.Texts(NameFields[1]) ?? [];
        JsonObject plain = Parse(root);
        plain.Remove(Own);
        plain.Remove(Others);
        return
        [
            Named(plain, name, [.. aliases, .. Suffixed([name, .. aliases], own)]),
            .. variants.Names.Select(key =>
            {
                JsonFields patch = variants.Object(key)!;
                if (NameFields.FirstOrDefault(patch.Has) is { } fixedField)
                {
                    throw patch.Wrong(fixedField, "left out: a variant is named after its entry");
                }

                return Named(
                    Merged(plain, Parse(root.GetProperty(Others).GetProperty(key))), $"{name}_{key}", [.. Suffixed(aliases, key)]);
            }),
        ];
    }

    private static IEnumerable<string> Suffixed(IEnumerable<string> names, string suffix) => names.Select(name => $"{name}_{suffix}");

    private static JsonElement Named(JsonObject entry, string name, string[] aliases)
    {
        var named = (JsonObject)entry.DeepClone();
        named[NameFields[0]] = name;
        named[NameFields[1]] = new JsonArray([.. aliases.Select(alias => (JsonNode)alias)]);
        using var document = JsonDocument.Parse(named.ToJsonString());
        return document.RootElement.Clone();
    }

    private static JsonObject Merged(JsonObject target, JsonObject patch)
    {
        var merged = (JsonObject)target.DeepClone();
        foreach ((string name, JsonNode? value) in patch)
        {
            if (value is null)
            {
                merged.Remove(name);
            }
            else
            {
                merged[name] = value is JsonObject inner && merged[name] is JsonObject outer ? Merged(outer, inner) : value.DeepClone();
            }
        }

        return merged;
    }

    private static JsonObject Parse(JsonElement element) => JsonObject.Create(element)!;
}
