using System.Reflection;
using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>The known formats: catalog/chat/formats.json.</summary>
internal static class FormatCatalog
{
    static FormatCatalog()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("chat/formats.json")!;
        using JsonDocument document = JsonDocument.Parse(stream);
        JsonElement root = document.RootElement;
        Syntaxes = [.. root.GetProperty("formats").EnumerateArray().Select(ToolCallSyntax.Read)];
        Reasoning =
        [
            .. root.GetProperty("reasoning").EnumerateArray().Select(tags => new ReasoningTags(
                tags.GetProperty("open").GetString()!, tags.GetProperty("close").GetString()!,
                (tags.TryGetProperty("when", out JsonElement when) ? when : tags.GetProperty("close")).GetString()!)),
        ];
        LeftOut = [.. root.GetProperty("left_out").EnumerateArray().Select(text => text.GetString()!)];
    }

    /// <summary>Ways to write calls, in the order in which they are tried.</summary>
    public static IReadOnlyList<ToolCallSyntax> Syntaxes { get; }

    /// <summary>Ways to mark reasoning, in the order in which they are tried.</summary>
    public static IReadOnlyList<ReasoningTags> Reasoning { get; }

    /// <summary>Marks around an answer that are no part of it.</summary>
    public static IReadOnlyList<string> LeftOut { get; }
}
