using System.Security.Cryptography;
using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>A call of a tool that a model wrote.</summary>
/// <param name="Id">Names the call, so that its result can: the model's own, or nine letters and digits.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">An object of its arguments.</param>
public sealed record ToolCall(string Id, string Name, JsonElement Arguments)
{
    // As many as Mistral's templates ask for.
    private const int IdLength = 9;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz0123456789";

    internal static ToolCall Of(string? id, string name, JsonElement arguments) =>
        new(string.IsNullOrEmpty(id) ? RandomNumberGenerator.GetString(Letters, IdLength) : id, name, arguments);
}
