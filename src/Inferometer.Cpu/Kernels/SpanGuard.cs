using System.Runtime.CompilerServices;

namespace Inferometer.Cpu.Kernels;

/// <summary>Length rules of the kernels' span arguments.</summary>
internal static class SpanGuard
{
    /// <summary>The argument must hold exactly <paramref name="expected"/> elements.</summary>
    public static void HasLength(ReadOnlySpan<float> span, int expected, [CallerArgumentExpression(nameof(span))] string? name = null)
    {
        if (span.Length != expected)
        {
            throw new ArgumentException($"{span.Length} elements where {expected} are needed.", name);
        }
    }

    /// <summary>The argument must hold at least <paramref name="expected"/> elements.</summary>
    public static void HasRoom(ReadOnlySpan<float> span, int expected, [CallerArgumentExpression(nameof(span))] string? name = null)
    {
        if (span.Length < expected)
        {
            throw new ArgumentException($"{span.Length} elements where at least {expected} are needed.", name);
        }
    }
}
