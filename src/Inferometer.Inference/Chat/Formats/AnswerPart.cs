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

    /// <summary>A call of a tool begins: its name and id, without arguments. The whole call comes too, when it is.</summary>
    CallBegin,

    /// <summary>A piece of the arguments of the call that began last, as JSON.</summary>
    CallArguments,
}

/// <summary>A part of an answer, as it comes.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text, or a piece of arguments; empty for a call.</param>
/// <param name="Call">The call; null for text and pieces.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AnswerPart(AnswerPartKind Kind, string Text, ToolCall? Call = null);
