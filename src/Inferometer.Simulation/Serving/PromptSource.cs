using Inferometer.Serving.Arrivals;

namespace Inferometer.Simulation.Serving;

/// <summary>Token ids for requests of a trace that holds lengths alone: those of a group begin alike, the others like no other.</summary>
internal sealed class PromptSource
{
    private readonly Dictionary<string, int> _groups = new(StringComparer.Ordinal);
    private int _lastBeginning;

    public int[] PromptOf(Arrival arrival)
    {
        int beginning = arrival.Group is { } group ? BeginningOf(group) : ++_lastBeginning;
        var tokens = new int[arrival.InputTokens];
        tokens.AsSpan().Fill(beginning); // told apart by the first block already
        return tokens;
    }

    private int BeginningOf(string group)
    {
        if (!_groups.TryGetValue(group, out int beginning))
        {
            beginning = ++_lastBeginning;
            _groups.Add(group, beginning);
        }

        return beginning;
    }
}
