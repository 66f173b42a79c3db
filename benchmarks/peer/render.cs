#:project ../../src/Inferometer.ModelFiles
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Templates;

// Renders chat templates for templates.mjs: each line of standard input is {"template", "messages", "tools", "documents",
// "add_generation_prompt", "variables", "now"}, each line of standard output {"text"} or {"error"}.
Dictionary<string, ChatTemplate> parsed = new(StringComparer.Ordinal);
using Stream output = Console.OpenStandardOutput();
while (Console.In.ReadLine() is { } line)
{
    using JsonDocument document = JsonDocument.Parse(line);
    JsonElement job = document.RootElement;
    string name = "text", value;
    try
    {
        value = Render(job);
    }
    catch (InferometerException error)
    {
        (name, value) = ("error", error.Message);
    }

    using (Utf8JsonWriter writer = new(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
    {
        writer.WriteStartObject();
        writer.WriteString(name, value);
        writer.WriteEndObject();
    }

    output.WriteByte((byte)'\n');
}

string Render(JsonElement job)
{
    string source = job.GetProperty("template").GetString()!;
    if (!parsed.TryGetValue(source, out ChatTemplate? template))
    {
        parsed[source] = template = ChatTemplate.Parse(source, "template");
    }

    return template.Render(new ChatPrompt
    {
        Turns = [.. job.GetProperty("messages").EnumerateArray().Select(ChatTurn.FromJson)],
        Tools = Given("tools"),
        Documents = Given("documents"),
        AddGenerationPrompt = Given("add_generation_prompt")?.ValueKind == JsonValueKind.True,
        Variables = Given("variables") is { } variables
            ? variables.EnumerateObject().ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal)
            : new Dictionary<string, JsonElement>(StringComparer.Ordinal),
        Clock = new FixedClock(DateTimeOffset.Parse(job.GetProperty("now").GetString()!, CultureInfo.InvariantCulture)),
    });

    JsonElement? Given(string member) =>
        job.TryGetProperty(member, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}

internal sealed class FixedClock(DateTimeOffset now) : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => now;
}
