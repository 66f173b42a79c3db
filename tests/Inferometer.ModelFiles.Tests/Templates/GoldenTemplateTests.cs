using System.Text.Json;
using Inferometer.ModelFiles.Templates;

namespace Inferometer.ModelFiles.Tests.Templates;

/// <summary>Templates of published models against what jinja2 renders with them; make_golden.py wrote it down.</summary>
public sealed class GoldenTemplateTests
{
    private static readonly JsonElement Golden = Read();

    public static TheoryData<string, string> Renderings
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (JsonElement model in Golden.GetProperty("models").EnumerateArray())
            {
                foreach (JsonProperty conversation in model.GetProperty("texts").EnumerateObject())
                {
                    data.Add(model.GetProperty("model").GetString()!, conversation.Name);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Renderings))]
    public void A_published_template_renders_as_the_reference_renders_it(string model, string conversation)
    {
        JsonElement golden = Golden.GetProperty("models").EnumerateArray().Single(item => item.GetProperty("model").ValueEquals(model));
        JsonElement given = Golden.GetProperty("conversations").GetProperty(conversation);
        Dictionary<string, JsonElement> variables = new()
        {
            ["bos_token"] = JsonSerializer.SerializeToElement("<s>"),
            ["eos_token"] = JsonSerializer.SerializeToElement("</s>"),
        };
        if (given.TryGetProperty("variables", out JsonElement more))
        {
            foreach (JsonProperty variable in more.EnumerateObject())
            {
                variables[variable.Name] = variable.Value;
            }
        }

        string text = ChatTemplate.Parse(golden.GetProperty("template").GetString()!, model).Render(
            new ChatPrompt
            {
                Turns = [.. given.GetProperty("messages").EnumerateArray().Select(ChatTurn.FromJson)],
                Tools = given.TryGetProperty("tools", out JsonElement tools) ? tools : null,
                Variables = variables,
                Clock = new FixedClock(Golden.GetProperty("now").GetString()!),
            },
            TestContext.Current.CancellationToken);
        Assert.Equal(golden.GetProperty("texts").GetProperty(conversation).GetString(), text);
    }

    private static JsonElement Read()
    {
        using Stream stream = typeof(GoldenTemplateTests).Assembly.GetManifestResourceStream("golden-templates.json")!;
        return JsonDocument.Parse(stream).RootElement;
    }
}
