using System.Runtime.InteropServices;

namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>A deterministic automaton over symbols. State 0 is where it begins. Immutable.</summary>
/// <param name="Edges">Per state its edges: stretches in ascending order that do not overlap.</param>
/// <param name="IsFinal">Per state whether a text may end there.</param>
internal sealed record Dfa(DfaEdge[][] Edges, bool[] IsFinal)
{
    public int StateCount => Edges.Length;
}

/// <summary>A stretch of symbols to a state.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DfaEdge(int First, int Last, int To);
