using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Templates;

/// <summary>Puts a guard before everything in a conversation that a tokenizer would read as a control token.</summary>
internal sealed class PromptGuard
{
    private const char First = '\uFDD0', Last = '\uFDEF'; // characters that Unicode keeps free for programs' own use

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Tokenizer _tokenizer;
    private readonly char _guard;

    private PromptGuard(Tokenizer tokenizer, char guard) => (_tokenizer, _guard) = (tokenizer, guard);

    /// <summary>The conversation with its guards, and the guard; null where it needs none.</summary>
    public static (ChatPrompt Prompt, char? Guard) Apply(ChatPrompt prompt, Tokenizer tokenizer)
    {
        string[] texts = [.. Texts(prompt)];
        if (!texts.Any(text => tokenizer.Guarded(text, First).Length > text.Length))
        {
            return (prompt, null);
        }

        char guard = First;
        while (texts.Any(text => text.Contains(guard, StringComparison.Ordinal)))
        {
            guard = guard < Last
                ? (char)(guard + 1)
                : throw new InferometerException("chat: the conversation holds every character that guards could be, U+FDD0 to U+FDEF.");
        }

        PromptGuard work = new(tokenizer, guard);
        return (prompt with
        {
            Turns = [.. prompt.Turns.Select(turn => turn with { Content = work.Guarded(turn.Content),
                Members = work.Guarded(turn.Members) })],
            Tools = work.Guarded(prompt.Tools),
            Documents = work.Guarded(prompt.Documents),
            Variables = prompt.Variables.ToDictionary(
                variable => variable.Key, variable => work.Guarded(variable.Value) ?? variable.Value, StringComparer.Ordinal),
        }, guard);
    }

    private static IEnumerable<string> Texts(ChatPrompt prompt) => prompt.Turns.Select(turn => turn.Content)
        .Concat(prompt.Turns.Select(turn => turn.Members).Append(prompt.Tools).Append(prompt.Documents)
            .Concat(prompt.Variables.Values.Select(value => (JsonElement?)value)).OfType<JsonElement>().SelectMany(Texts));

    private static IEnumerable<string> Texts(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Texts),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => Texts(member.Value).Prepend(member.Name)),
        _ => [],
    };

    private string Guarded(string text) => _tokenizer.Guarded(text, _guard);

    private JsonElement? Guarded(JsonElement? element)
    {
        if (element is not { } given || !Texts(given).Any(text => Guarded(text).Length > text.Length))
        {
            return element;
        }

        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Plain))
        {
            Write(writer, given);
        }

        return JsonElement.Parse(Encoding.UTF8.GetString(stream.ToArray()));
    }

    private void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                writer.WriteStringValue(Guarded(element.GetString()!));
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    writer.WritePropertyName(Guarded(member.Name));
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
