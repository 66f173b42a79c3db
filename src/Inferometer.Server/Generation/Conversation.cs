using System.Globalization;
using System.Text;
using System.Text.Json;
using Inferometer.Inference.Chat.Formats;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>Reads conversations from requests.</summary>
internal static class Conversation
{
    /// <summary>The turns of a list of messages, such as <c>{"role": "user", "content": "Hi"}</c>.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="format">How the model is given calls and their results.</param>
    /// <param name="name">The field with the list.</param>
    /// <exception cref="ApiException">There is none, or a message is not understood.</exception>
    public static List<ChatTurn> Read(RequestFields fields, ChatFormat format, string name = "messages")
    {
        if (!fields.TryGet(name, out JsonElement list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            throw fields.Wrong(name, "a list of at least one message");
        }

        return Read(
            list.EnumerateArray().Select((message, i) =>
                (string.Create(CultureInfo.InvariantCulture, $"{fields.PathOf(name)}[{i}]"), message)),
            format);
    }

    /// <summary>The turns of messages, each with the place in the request that errors name.</summary>
    /// <exception cref="ApiException">A message is not understood.</exception>
    public static List<ChatTurn> Read(IEnumerable<(string Path, JsonElement Message)> messages, ChatFormat format)
    {
        List<string> system = [];
        List<ChatTurn> turns = [];
        TurnMembers members = new(format);
        foreach ((string path, JsonElement element) in messages)
        {
            ChatTurn turn = ReadTurn(RequestFields.Of(element, path), members);
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

    private static ChatTurn ReadTurn(RequestFields message, TurnMembers members)
    {
        string role = message.Text("role") switch
        {
            "developer" => ChatTurn.System,
            { } known and (ChatTurn.System or ChatTurn.User or ChatTurn.Assistant or ChatTurn.Tool or "function") => known,
            _ => throw message.Wrong("role", "\"system\", \"developer\", \"user\", \"assistant\" or \"tool\""),
        };
        message.Refuse("images", "only text is understood.");
        message.Refuse("audio", "only text is understood.");

        // An earlier refusal is nothing that templates are given; type, id and status are those of items of the responses API.
        message.Ignore("refusal", "annotations", "type", "id", "status");
        JsonElement? rest = members.Read(message, role, out bool hasCalls);
        ChatTurn turn = new(role, TextOf(message, hasCalls)) { Members = rest };
        message.RequireNothingElse();
        return turn;
    }

    private static string TextOf(RequestFields message, bool mayBeEmpty)
    {
        if (!message.TryGet("content", out JsonElement content))
        {
            return mayBeEmpty ? "" : throw message.Wrong("content", "a string, or a list of text parts");
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
