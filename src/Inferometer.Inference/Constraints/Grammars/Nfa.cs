using System.Runtime.InteropServices;

namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>A nondeterministic automaton over symbols: edges of stretches of symbols, and edges that take none.</summary>
internal sealed class Nfa(GrammarLimits limits, string origin)
{
    private const int NoSymbol = -1;

    private readonly List<int> _first = []; // per state: its newest edge
    private readonly List<Edge> _edges = [];

    public int StateCount => _first.Count;

    public int AddState()
    {
        _first.Add(-1);
        limits.RequireStates(_first.Count, origin);
        return _first.Count - 1;
    }

    public void AddEdge(int from, int first, int last, int to) => Link(from, new Edge(first, last, to, _first[from]));

    public void AddEmpty(int from, int to) => Link(from, new Edge(NoSymbol, NoSymbol, to, _first[from]));

    /// <summary>Appends the states reached without a symbol.</summary>
    public void CopyEmpties(int state, List<int> states)
    {
        for (int i = _first[state]; i >= 0; i = _edges[i].Next)
        {
            if (_edges[i].First == NoSymbol)
            {
                states.Add(_edges[i].To);
            }
        }
    }

    /// <summary>Appends the edges that take a symbol.</summary>
    public void CopyEdges(int state, List<Edge> edges)
    {
        for (int i = _first[state]; i >= 0; i = _edges[i].Next)
        {
            if (_edges[i].First != NoSymbol)
            {
                edges.Add(_edges[i]);
            }
        }
    }

    /// <summary>Whether an edge of a state takes a symbol.</summary>
    public bool HasEdges(int state)
    {
        for (int i = _first[state]; i >= 0; i = _edges[i].Next)
        {
            if (_edges[i].First != NoSymbol)
            {
                return true;
            }
        }

        return false;
    }

    private void Link(int from, Edge edge)
    {
        _edges.Add(edge);
        limits.RequireStates(_edges.Count / 8, origin);
        _first[from] = _edges.Count - 1;
    }

    /// <summary>A stretch of symbols to a state, and the next edge of the state it leaves.</summary>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Edge(int First, int Last, int To, int Next);
}
