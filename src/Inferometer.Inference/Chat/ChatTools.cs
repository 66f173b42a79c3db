using Inferometer.Core;
using Inferometer.Inference.Chat.Formats;
using Microsoft.Extensions.AI;

namespace Inferometer.Inference.Chat;

/// <summary>The tools of chat options, as templates and formats know them.</summary>
internal static class ChatTools
{
    /// <summary>The tools that the model is told of.</summary>
    /// <exception cref="InferometerException">One is no function, or the one that is asked for is not among them.</exception>
    public static IReadOnlyList<ToolDeclaration> Of(ChatOptions? options)
    {
        if (options?.Tools is not { Count: > 0 } tools || options.ToolMode is NoneChatToolMode)
        {
            return options?.ToolMode is RequiredChatToolMode
                ? throw new InferometerException("chat: a call of a tool is required, but no tools are given.") : [];
        }

        return [.. tools.Select(tool => tool is AIFunctionDeclaration function
            ? new ToolDeclaration(function.Name, function.Description, function.JsonSchema)
            : throw new InferometerException(
                $"chat: the tool '{tool.Name}' is {tool.GetType().Name}; the engine takes functions (AIFunction) only."))];
    }

    /// <summary>Those of the tools that must be called; null = none need be.</summary>
    public static IReadOnlyList<ToolDeclaration>? Required(ChatOptions? options, IReadOnlyList<ToolDeclaration> tools)
    {
        if (options?.ToolMode is not RequiredChatToolMode mode)
        {
            return null;
        }

        return mode.RequiredFunctionName is not { } name ? tools
            : tools.FirstOrDefault(tool => string.Equals(tool.Name, name, StringComparison.Ordinal)) is { } required ? [required]
            : throw new InferometerException(
                $"chat: a call of '{name}' is required, which is none of the tools: {string.Join(", ", tools.Select(tool => tool.Name))}.");
    }
}
