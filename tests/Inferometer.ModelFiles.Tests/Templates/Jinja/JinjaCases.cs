using System.Text.Json;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Templates.Jinja;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Tests.Templates.Jinja;

/// <summary>Small templates with what jinja2 gives for them; make_cases.py wrote them down.</summary>
internal static class JinjaCases
{
    private static readonly JsonElement Root = Read();

    /// <summary>The templates of a group with their text, null where jinja2 fails.</summary>
    public static IEnumerable<(string Template, string? Expected)> Of(string group) => Root.GetProperty("cases").EnumerateArray()
        .Where(item => item.GetProperty("group").ValueEquals(group))
        .Select(item =>
            (item.GetProperty("template").GetString()!, item.TryGetProperty("expected", out JsonElement text) ? text.GetString() : null));

    public static string Render(string template, Action<Dictionary<string, JinjaValue>>? more = null)
    {
        Dictionary<string, JinjaValue> variables = new(StringComparer.Ordinal);
        foreach (JsonProperty variable in Root.GetProperty("variables").EnumerateObject())
        {
            variables[variable.Name] = JsonValues.From(variable.Value);
        }

        more?.Invoke(variables);
        return JinjaTemplate.Parse(template, "case").Render(variables, TimeProvider.System);
    }

    private static JsonElement Read()
    {
        using Stream stream = typeof(JinjaCases).Assembly.GetManifestResourceStream("jinja-cases.json")!;
        return JsonDocument.Parse(stream).RootElement;
    }
}
