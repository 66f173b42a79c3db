using Inferometer.Serving.Arrivals;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// Token ids for requests of a trace that holds lengths alone: what is alike gets the same ids, everything else like no other. Told apart
/// by the first block already.
/// </summary>
internal sealed class PromptSource
{
    private readonly Dictionary<string, int> _groups = new(StringComparer.Ordinal);
    private int _lastBeginning; // below 0, where no content of a segment is
    private int[] _zeros = [];

    /// <summary>So many tokens whose ids nobody looks at.</summary>
    public ReadOnlyMemory<int> Any(int count)
    {
        if (_zeros.Length < count)
        {
            _zeros = new int[Math.Max(count, 2 * _zeros.Length)];
        }

        return _zeros.AsMemory(0, count);
    }

    public ReadOnlyMemory<int> PromptOf(Arrival arrival)
    {
        if (!arrival.Prompt.IsEmpty)
        {
            return arrival.Prompt;
        }

        int[] tokens = new int[arrival.InputTokens];
        int at = 0;
        foreach (PromptSegment segment in arrival.Segments.Span)
        {
            tokens.AsSpan(at, segment.Tokens).Fill(segment.Content);
            at += segment.Tokens;
        }

        if (at < tokens.Length)
        {
            tokens.AsSpan(at).Fill(arrival.Group is { } group ? BeginningOf(group) : --_lastBeginning);
        }

        return tokens;
    }

    private int BeginningOf(string group)
    {
        if (!_groups.TryGetValue(group, out int beginning))
        {
            beginning = --_lastBeginning;
            _groups.Add(group, beginning);
        }

        return beginning;
    }
}
