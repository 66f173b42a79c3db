using System.Runtime.InteropServices;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>What a part of an answer is.</summary>
public enum AnswerPartKind
{
    /// <summary>The answer itself.</summary>
    Text,

    /// <summary>What the model wrote to itself before it.</summary>
    Reasoning,

    /// <summary>A call of a tool, whole.</summary>
    ToolCall,

    /// <summary>A call begins: its id and its tool are known, its arguments are yet to come. Only where calls are streamed.</summary>
    ToolCallStart,

    /// <summary>
    /// More of the JSON text of the arguments of the call that began last. All pieces together are the text of
    /// <see cref="Formats.ToolCall.Arguments"/>. Only where calls are streamed.
    /// </summary>
    ToolCallArguments,
}

/// <summary>A part of an answer, as it comes.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; empty for a call that begins or is whole.</param>
/// <param name="Call">The call, with no arguments where it begins; null for text.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AnswerPart(AnswerPartKind Kind, string Text, ToolCall? Call = null);
