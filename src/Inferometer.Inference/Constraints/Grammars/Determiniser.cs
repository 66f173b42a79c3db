using System.Runtime.InteropServices;

namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>Makes an automaton deterministic: its states become the sets of states that one text can lead to.</summary>
internal sealed class Determiniser
{
    private readonly Nfa _nfa;
    private readonly int _accept;
    private readonly GrammarLimits _limits;
    private readonly string _origin;
    private readonly Dictionary<int[], int> _numbers = new(SetComparer.Instance);
    private readonly Dictionary<int[], int>.AlternateLookup<ReadOnlySpan<int>> _numbersOf;
    private readonly List<int[]> _sets = [];
    private readonly int[] _closedIn; // per state the last turn that came to it
    private int _turn;
    private long _members;

    // Kept from set to set: most of them are known already, and would be made for nothing.
    private readonly List<int> _open = [];
    private readonly List<int> _key = [];
    private readonly List<int> _empties = [];
    private readonly List<Nfa.Edge> _edges = [];
    private readonly List<Nfa.Edge> _live = [];
    private readonly List<int> _borders = [];
    private readonly List<DfaEdge> _result = [];

    private Determiniser(Nfa nfa, int accept, GrammarLimits limits, string origin)
    {
        _nfa = nfa;
        _accept = accept;
        _limits = limits;
        _origin = origin;
        _closedIn = new int[nfa.StateCount];
        _numbersOf = _numbers.GetAlternateLookup<ReadOnlySpan<int>>();
    }

    public static Dfa Run(Nfa nfa, int start, int accept, GrammarLimits limits, string origin)
    {
        Determiniser work = new(nfa, accept, limits, origin);
        work.Begin();
        work.Open(start);
        work.Number();
        List<DfaEdge[]> edges = [];
        while (edges.Count < work._sets.Count)
        {
            edges.Add(work.EdgesOf(work._sets[edges.Count]));
        }

        return new Dfa([.. edges], [.. work._sets.Select(set => Array.BinarySearch(set, accept) >= 0)]);
    }

    private DfaEdge[] EdgesOf(int[] set)
    {
        _edges.Clear();
        foreach (int state in set)
        {
            _nfa.CopyEdges(state, _edges);
        }

        _borders.Clear();
        foreach (Nfa.Edge edge in _edges)
        {
            _borders.Add(edge.First);
            _borders.Add(edge.Last + 1);
        }

        _borders.Sort();
        _edges.Sort(static (a, b) => a.First.CompareTo(b.First));
        _result.Clear();
        _live.Clear();
        int next = 0, from = -1;
        foreach (int border in _borders)
        {
            if (border == from)
            {
                continue;
            }

            if (_live.Count > 0)
            {
                Begin();
                foreach (Nfa.Edge edge in _live)
                {
                    Open(edge.To);
                }

                Append(_result, new DfaEdge(from, border - 1, Number()));
            }

            LeaveBehind(border);
            for (; next < _edges.Count && _edges[next].First == border; next++)
            {
                _live.Add(_edges[next]);
            }

            from = border;
        }

        return [.. _result];
    }

    private void LeaveBehind(int border)
    {
        int kept = 0;
        foreach (Nfa.Edge edge in CollectionsMarshal.AsSpan(_live))
        {
            if (edge.Last >= border)
            {
                _live[kept++] = edge;
            }
        }

        _live.RemoveRange(kept, _live.Count - kept);
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

    private void Begin()
    {
        _turn++;
        _open.Clear();
        _key.Clear();
    }

    /// <summary>The number of the states opened with all that they reach without a symbol. States that only lead on so are left out of
    /// it.</summary>
    private int Number()
    {
        for (int next = 0; next < _open.Count; next++)
        {
            int state = _open[next];
            if (state == _accept || _nfa.HasEdges(state))
            {
                _key.Add(state);
            }

            _empties.Clear();
            _nfa.CopyEmpties(state, _empties);
            foreach (int to in _empties)
            {
                Open(to);
            }
        }

        _key.Sort();
        ReadOnlySpan<int> key = CollectionsMarshal.AsSpan(_key);
        if (!_numbersOf.TryGetValue(key, out int number))
        {
            number = _sets.Count;
            _members += key.Length;
            _limits.RequireMembers(_members, _origin);
            int[] set = [.. key];
            _sets.Add(set);
            _limits.RequireStates(_sets.Count, _origin);
            _numbers.Add(set, number);
        }

        return number;
    }

    private void Open(int state)
    {
        if (_closedIn[state] != _turn)
        {
            _closedIn[state] = _turn;
            _open.Add(state);
        }
    }

    private sealed class SetComparer : IEqualityComparer<int[]>, IAlternateEqualityComparer<ReadOnlySpan<int>, int[]>
    {
        public static readonly SetComparer Instance = new();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<int> alternate, int[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<int> alternate)
        {
            HashCode hash = default;
            foreach (int value in alternate)
            {
                hash.Add(value);
            }

            return hash.ToHashCode();
        }

        public int[] Create(ReadOnlySpan<int> alternate) => alternate.ToArray();
    }
}
