using Inferometer.Core;

namespace Inferometer.Compression.Evaluation;

/// <summary>Cuts a text's tokens into windows that start with the token a sequence starts with.</summary>
public static class TextWindows
{
    /// <summary>
    /// Windows of one start token and <paramref name="windowTokens"/> - 1 tokens of the text, in order and without overlap.
    /// </summary>
    /// <param name="tokens">The whole text, without a start token.</param>
    /// <param name="startToken">First token of every window, or null for none.</param>
    /// <param name="windowTokens">Tokens of a window, at least 2.</param>
    /// <param name="windows">Windows wanted.</param>
    /// <param name="firstWindow">Windows of the text to leave out before.</param>
    /// <exception cref="InferometerException">The text is too short.</exception>
    public static IReadOnlyList<int[]> Cut(ReadOnlySpan<int> tokens, int? startToken, int windowTokens, int windows, int firstWindow = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(windowTokens, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(windows);
        ArgumentOutOfRangeException.ThrowIfNegative(firstWindow);
        int[] start = startToken is int id ? [id] : [];
        int step = windowTokens - start.Length;
        if ((long)(firstWindow + windows) * step > tokens.Length)
        {
            throw new InferometerException(
                $"{firstWindow} + {windows} windows of {windowTokens} tokens need {(long)(firstWindow + windows) * step} tokens of text; "
                + $"there are {tokens.Length}.");
        }

        var cut = new int[windows][];
        for (int i = 0; i < windows; i++)
        {
            cut[i] = [.. start, .. tokens.Slice((firstWindow + i) * step, step)];
        }

        return cut;
    }
}
