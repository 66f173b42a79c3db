using System.Runtime.InteropServices;

namespace Inferometer.Inference.Sampling;

/// <summary>How often a token occurs.</summary>
/// <param name="Prompt">Times in the prompt.</param>
/// <param name="Output">Times in the output.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct TokenCount(int Prompt, int Output);

/// <summary>Occurrences of tokens in one request, kept only when a penalty needs them. Grows with the number of distinct tokens.</summary>
internal sealed class TokenCounts
{
    private readonly Dictionary<int, TokenCount> _counts = [];

    public void AddPrompt(ReadOnlySpan<int> tokens)
    {
        _counts.EnsureCapacity(_counts.Count + Math.Min(tokens.Length, 1024));
        foreach (int token in tokens)
        {
            ref TokenCount count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, token, out _);
            count = count with { Prompt = count.Prompt + 1 };
        }
    }

    public void AddOutput(int token)
    {
        ref TokenCount count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, token, out _);
        count = count with { Output = count.Output + 1 };
    }

    /// <summary>How many tokens occur at all.</summary>
    public int Distinct => _counts.Count;

    public bool TryGet(int token, out TokenCount count) => _counts.TryGetValue(token, out count);

    public Dictionary<int, TokenCount>.Enumerator GetEnumerator() => _counts.GetEnumerator();
}
