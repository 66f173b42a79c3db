using System.Runtime.InteropServices;

namespace Inferometer.Serving.Arrivals;

/// <summary>A stretch of a prompt of which only matters what it is like: stretches of equal content are equal, token by token.</summary>
/// <param name="Content">What it is like; 0 = what a simulated service generated, which is how the history of a conversation is
/// told.</param>
/// <param name="Tokens">How long it is, at least 1.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PromptSegment(int Content, int Tokens);
