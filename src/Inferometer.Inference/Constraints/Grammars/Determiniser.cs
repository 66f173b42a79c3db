namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>Makes an automaton deterministic: its states become the sets of states that one text can lead to.</summary>
internal sealed class Determiniser
{
    private readonly Nfa _nfa;
    private readonly int _accept;
    private readonly GrammarLimits _limits;
    private readonly string _origin;
    private readonly Dictionary<int[], int> _numbers = new(SetComparer.Instance);
    private readonly List<int[]> _sets = [];
    private readonly HashSet<int> _closed = [];
    private readonly Stack<int> _open = new();

    private Determiniser(Nfa nfa, int accept, GrammarLimits limits, string origin)
    {
        _nfa = nfa;
        _accept = accept;
        _limits = limits;
        _origin = origin;
    }

    public static Dfa Run(Nfa nfa, int start, int accept, GrammarLimits limits, string origin)
    {
        Determiniser work = new(nfa, accept, limits, origin);
        work.NumberOf([start]);
        List<DfaEdge[]> edges = [];
        while (edges.Count < work._sets.Count)
        {
            edges.Add(work.EdgesOf(work._sets[edges.Count]));
        }

        return new Dfa([.. edges], [.. work._sets.Select(set => Array.BinarySearch(set, accept) >= 0)]);
    }

    private DfaEdge[] EdgesOf(int[] set)
    {
        Nfa.Edge[] edges = [.. set.SelectMany(_nfa.Edges)];
        if (edges.Length == 0)
        {
            return [];
        }

        SortedSet<int> borders = [];
        foreach (Nfa.Edge edge in edges)
        {
            borders.Add(edge.First);
            borders.Add(edge.Last + 1);
        }

        Array.Sort(edges, (a, b) => a.First.CompareTo(b.First));
        List<DfaEdge> result = [];
        List<Nfa.Edge> live = [];
        HashSet<int> targets = [];
        int next = 0, from = -1;
        foreach (int border in borders)
        {
            if (live.Count > 0)
            {
                targets.Clear();
                targets.UnionWith(live.Select(edge => edge.To));
                Append(result, new DfaEdge(from, border - 1, NumberOf(targets)));
            }

            live.RemoveAll(edge => edge.Last < border);
            for (; next < edges.Length && edges[next].First == border; next++)
            {
                live.Add(edges[next]);
            }

            from = border;
        }

        return [.. result];
    }

    private static void Append(List<DfaEdge> edges, DfaEdge edge)
    {
        if (edges.Count > 0 && edges[^1].To == edge.To && edges[^1].Last + 1 == edge.First)
        {
            edges[^1] = edges[^1] with { Last = edge.Last };
        }
        else
        {
            edges.Add(edge);
        }
    }

    /// <summary>The number of a set with all that it reaches without a symbol. States that only lead on so are left out of it.</summary>
    private int NumberOf(IEnumerable<int> states)
    {
        _closed.Clear();
        foreach (int state in states)
        {
            Open(state);
        }

        while (_open.TryPop(out int state))
        {
            foreach (int to in _nfa.Empties(state))
            {
                Open(to);
            }
        }

        int[] key = [.. _closed.Where(state => state == _accept || _nfa.HasEdges(state)).Order()];
        if (!_numbers.TryGetValue(key, out int number))
        {
            number = _sets.Count;
            _sets.Add(key);
            _limits.RequireStates(_sets.Count, _origin);
            _numbers.Add(key, number);
        }

        return number;
    }

    private void Open(int state)
    {
        if (_closed.Add(state))
        {
            _open.Push(state);
        }
    }

    private sealed class SetComparer : IEqualityComparer<int[]>
    {
        public static readonly SetComparer Instance = new();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] obj)
        {
            HashCode hash = default;
            foreach (int value in obj)
            {
                hash.Add(value);
            }

            return hash.ToHashCode();
        }
    }
}
