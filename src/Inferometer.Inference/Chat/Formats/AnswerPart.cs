using System.Runtime.InteropServices;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>What a part of an answer is.</summary>
public enum AnswerPartKind
{
    /// <summary>The answer itself.</summary>
    Text,

    /// <summary>What the model wrote to itself before it.</summary>
    Reasoning,

    /// <summary>A call of a tool.</summary>
    ToolCall,
}

/// <summary>A part of an answer, as it comes.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; empty for a call.</param>
/// <param name="Call">The call; null for text.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AnswerPart(AnswerPartKind Kind, string Text, ToolCall? Call = null);
