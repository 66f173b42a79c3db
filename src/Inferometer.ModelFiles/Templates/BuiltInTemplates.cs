using System.Collections.Frozen;
using System.Reflection;
using Inferometer.ModelFiles.Templates.Jinja;

namespace Inferometer.ModelFiles.Templates;

/// <summary>
/// The templates for models that come without one: published chat formats, written as plainly as they can be. They leave out the token that
/// begins a text, which the tokenizer adds.
/// </summary>
internal static class BuiltInTemplates
{
    /// <summary>The names, in the order they are listed to users.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "chatml", "llama-2", "llama-3", "mistral-v1", "mistral-v3", "mistral-v3-tekken", "mistral-v7", "mistral-v7-tekken",
        "gemma", "phi-3", "phi-4", "zephyr", "deepseek-v3", ChatTemplate.PlainName,
    ];

    private static readonly FrozenDictionary<string, Lazy<JinjaTemplate>> Templates =
        Names.ToFrozenDictionary(name => name, name => new Lazy<JinjaTemplate>(() => Read(name)), StringComparer.Ordinal);

    /// <summary>The template of a name; null where there is none.</summary>
    public static JinjaTemplate? Find(string name) => Templates.GetValueOrDefault(name)?.Value;

    /// <summary>Text at which an answer ends though the model gave no end token: only turns without markers of their own need it.</summary>
    public static IReadOnlyList<string> StopStrings(string name) => name is ChatTemplate.PlainName ? ["\nUser:", "\nSystem:"] : [];

    private static JinjaTemplate Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"templates/{name}.jinja")!;
        using var reader = new StreamReader(stream);
        return JinjaTemplate.Parse(reader.ReadToEnd(), $"chat template '{name}'");
    }
}
