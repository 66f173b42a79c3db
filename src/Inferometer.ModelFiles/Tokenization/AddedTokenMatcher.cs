using System.Buffers;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// Finds added tokens in text, leftmost first and longest among those starting at the same place, by walking a trie:
/// cost is bounded by the text's length times the longest token's, however many tokens there are. Immutable.
/// </summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<(int Node, char Next), int> _edges = [];
    private readonly List<AddedToken?> _ends = [null];
    private readonly SearchValues<char> _firstCharacters;

    public AddedTokenMatcher(IEnumerable<AddedToken> tokens)
    {
        var first = new HashSet<char>();
        foreach (AddedToken token in tokens)
        {
            int node = 0;
            foreach (char c in token.Text)
            {
                if (!_edges.TryGetValue((node, c), out int next))
                {
                    next = _ends.Count;
                    _ends.Add(null);
                    _edges.Add((node, c), next);
                }

                node = next;
            }

            if (node != 0)
            {
                _ends[node] ??= token;
                first.Add(token.Text[0]);
            }
        }

        _firstCharacters = SearchValues.Create([.. first]);
    }

    /// <summary>The next added token at or after a place, and where its match begins and ends; null when there is none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="from">The place.</param>
    /// <param name="parseSpecial">Looks for special tokens too.</param>
    /// <param name="start">Where the match begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="guard">A character behind which no special token begins; null = none.</param>
    public AddedToken? Find(string text, int from, bool parseSpecial, out int start, out int end, char? guard = null)
    {
        for (int at = from; at < text.Length; at++)
        {
            int offset = text.AsSpan(at).IndexOfAny(_firstCharacters);
            if (offset < 0)
            {
                break;
            }

            at += offset;
            if (LongestAt(text, at, parseSpecial && (guard is null || at == 0 || text[at - 1] != guard)) is { } token)
            {
                (start, end) = WithSpace(text, token, from, at);
                return token;
            }
        }

        start = end = text.Length;
        return null;
    }

    /// <summary>Whether a special token begins at a place.</summary>
    public bool BeginsSpecial(string text, int at) => LongestAt(text, at, parseSpecial: true) is { IsSpecial: true };

    private AddedToken? LongestAt(string text, int start, bool parseSpecial)
    {
        AddedToken? longest = null;
        int node = 0;
        for (int i = start; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
        {
            if (_ends[node] is { } token && (parseSpecial || !token.IsSpecial) && (!token.IsWord || StandsAlone(text, start, i + 1)))
            {
                longest = token;
            }
        }

        return longest;
    }

    private static bool StandsAlone(string text, int start, int end) =>
        (start == 0 || !IsWordCharacter(text[start - 1])) && (end == text.Length || !IsWordCharacter(text[end]));

    private static bool IsWordCharacter(char c) => char.IsLetterOrDigit(c) || c == '_';

    private static (int Start, int End) WithSpace(string text, AddedToken token, int from, int at)
    {
        int start = at;
        int end = at + token.Text.Length;
        while (token.TakesSpaceBefore && start > from && char.IsWhiteSpace(text[start - 1]))
        {
            start--;
        }

        while (token.TakesSpaceAfter && end < text.Length && char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        return (start, end);
    }
}
