using System.Text.Json;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// The chat templates of a Hugging Face folder by name: <c>chat_template.jinja</c> and <c>additional_chat_templates/NAME.jinja</c>, else
/// <c>tokenizer_config.json</c>, else <c>chat_template.json</c>.
/// </summary>
internal static class ChatTemplateFiles
{
    private const string DefaultName = "default";

    public static IReadOnlyDictionary<string, string> Read(string folder, JsonElement config)
    {
        Dictionary<string, string> templates = new(StringComparer.Ordinal);
        string file = Path.Combine(folder, "chat_template.jinja"), more = Path.Combine(folder, "additional_chat_templates");
        if (File.Exists(file))
        {
            templates[DefaultName] = File.ReadAllText(file);
        }

        foreach (string path in Directory.Exists(more) ? Directory.GetFiles(more, "*.jinja").Order(StringComparer.Ordinal).ToArray() : [])
        {
            templates.TryAdd(Path.GetFileNameWithoutExtension(path), File.ReadAllText(path));
        }

        if (templates.Count == 0)
        {
            Add(templates, config.Member("chat_template"));
        }

        if (templates.Count == 0)
        {
            AddFromProcessor(templates, Path.Combine(folder, "chat_template.json"));
        }

        return templates;
    }

    /// <summary>One text, or a list of texts with names.</summary>
    private static void Add(Dictionary<string, string> templates, JsonElement value)
    {
        if (value.StringOrNull() is { } single)
        {
            templates[DefaultName] = single;
        }

        foreach (JsonElement entry in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : default)
        {
            if (entry.Member("name").StringOrNull() is { } name && entry.Member("template").StringOrNull() is { } template)
            {
                templates.TryAdd(name, template);
            }
        }
    }

    /// <summary>Models that see images keep the template with the processor; a faulty file there does not stop the text model.</summary>
    private static void AddFromProcessor(Dictionary<string, string> templates, string path)
    {
        try
        {
            using JsonDocument? document = File.Exists(path) ? JsonDocument.Parse(File.ReadAllBytes(path)) : null;
            Add(templates, document?.RootElement.Member("chat_template") ?? default);
        }
        catch (JsonException)
        {
            templates.Clear();
        }
    }
}
