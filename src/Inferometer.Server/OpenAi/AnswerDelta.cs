using System.Runtime.InteropServices;
using Inferometer.Inference.Chat.Formats;

namespace Inferometer.Server.OpenAi;

/// <summary>A piece of a streamed answer.</summary>
/// <param name="Kind">What it brings.</param>
/// <param name="Text">The text, or arguments as JSON.</param>
/// <param name="Call">The call; null for text.</param>
/// <param name="CallIndex">Its place among the calls of the answer.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AnswerDelta(DeltaKind Kind, string Text, ToolCall? Call = null, int CallIndex = 0);
