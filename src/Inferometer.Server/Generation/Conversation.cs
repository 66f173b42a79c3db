using System.Globalization;
using System.Text;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>Reads conversations from requests and writes them as prompts.</summary>
internal static class Conversation
{
    /// <summary>The turns of a list of messages, such as <c>{"role": "user", "content": "Hi"}</c>.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="name">The field with the list.</param>
    /// <exception cref="ApiException">There is none, or a message is not understood.</exception>
    public static List<ChatTurn> Read(RequestFields fields, string name = "messages")
    {
        if (!fields.TryGet(name, out JsonElement list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            throw fields.Wrong(name, "a list of at least one message");
        }

        List<string> system = [];
        List<ChatTurn> turns = [];
        int index = 0;
        foreach (JsonElement element in list.EnumerateArray())
        {
            ChatTurn turn = ReadTurn(element, string.Create(CultureInfo.InvariantCulture, $"{fields.PathOf(name)}[{index++}]"));
            if (turn.Role is ChatTurn.System && turns.Count == 0)
            {
                system.Add(turn.Content);
            }
            else
            {
                turns.Add(turn);
            }
        }

        return WithSystem(turns, system);
    }

    /// <summary>Turns with what stands before them; templates know one system turn alone.</summary>
    public static List<ChatTurn> WithSystem(List<ChatTurn> turns, IReadOnlyCollection<string> system)
    {
        if (system.Count > 0)
        {
            turns.Insert(0, new ChatTurn(ChatTurn.System, string.Join("\n\n", system)));
        }

        return turns;
    }

    /// <summary>The text of a conversation, ending with what makes the model answer.</summary>
    /// <exception cref="ApiException">The model's template refuses the conversation.</exception>
    public static string Render(ServedModel model, IReadOnlyList<ChatTurn> turns, AnswerShape shape, bool addGenerationPrompt = true)
    {
        ChatPrompt prompt = new() { Turns = turns, FoldsSystemTurn = true, AddGenerationPrompt = addGenerationPrompt };
        try
        {
            return model.Template.Render(shape.Apply(prompt));
        }
        catch (InferometerException error)
        {
            throw ApiException.Invalid("messages", $"messages: {model.Public(error.Message)}");
        }
    }

    private static ChatTurn ReadTurn(JsonElement element, string path)
    {
        var message = RequestFields.Of(element, path);
        string role = message.Text("role") switch
        {
            "developer" => ChatTurn.System,
            { } known and (ChatTurn.System or ChatTurn.User or ChatTurn.Assistant or ChatTurn.Tool or "function") => known,
            _ => throw message.Wrong("role", "\"system\", \"developer\", \"user\" or \"assistant\""),
        };
        AnswerShape.RefuseToolMessage(message, role);
        message.Refuse("images", "only text is understood.");
        message.Refuse("audio", "only text is understood.");

        // Who speaks in a group, an earlier refusal, and earlier thoughts are nothing that templates are given; type, id and status are
        // those of items of the responses API.
        message.Ignore("name", "refusal", "reasoning_content", "annotations", "type", "id", "status", "thinking");
        ChatTurn turn = new(role, TextOf(message));
        message.RequireNothingElse();
        return turn;
    }

    private static string TextOf(RequestFields message)
    {
        if (!message.TryGet("content", out JsonElement content))
        {
            throw message.Wrong("content", "a string, or a list of text parts");
        }

        if (content.ValueKind == JsonValueKind.String)
        {
            return message.StringOf(content, "content");
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            throw message.Wrong("content", "a string, or a list of text parts");
        }

        StringBuilder text = new();
        int index = 0;
        foreach (JsonElement part in content.EnumerateArray())
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"{message.PathOf("content")}[{index++}]");
            var fields = RequestFields.Of(part, path);
            string type = fields.Text("type") ?? "text";
            if (type is not ("text" or "input_text" or "output_text"))
            {
                throw ApiException.Unsupported(fields.PathOf("type"), $"'{type}' is not understood; only text is.");
            }

            text.Append(fields.Text("text") ?? throw fields.Wrong("text", "a string"));
        }

        return text.ToString();
    }
}
