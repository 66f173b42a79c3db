namespace Inferometer.Inference.Engine;

/// <summary>Drafts by looking the last tokens up earlier in the text and proposing what followed them there.</summary>
internal static class PromptLookup
{
    /// <summary>What followed the latest earlier occurrence of the longest run of last tokens, or nothing.</summary>
    /// <param name="tokens">Tokens so far.</param>
    /// <param name="maxMatch">Longest run to look for.</param>
    /// <param name="maxDraft">Most tokens to propose.</param>
    public static ReadOnlySpan<int> Find(ReadOnlySpan<int> tokens, int maxMatch, int maxDraft)
    {
        for (int length = Math.Min(maxMatch, tokens.Length - 1); length > 0; length--)
        {
            ReadOnlySpan<int> run = tokens[^length..];
            int at = tokens[..^1].LastIndexOf(run);
            if (at >= 0)
            {
                ReadOnlySpan<int> following = tokens[(at + length)..];
                return following[..Math.Min(maxDraft, following.Length)];
            }
        }

        return [];
    }
}
