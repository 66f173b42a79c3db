using System.Text;
using Inferometer.Core;

namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>A set of texts as a deterministic automaton over characters, so that sets can be intersected. Immutable.</summary>
internal sealed class TextAutomaton
{
    private TextAutomaton(Dfa dfa) => Dfa = dfa;

    /// <summary>The automaton.</summary>
    public Dfa Dfa { get; }

    /// <summary>The texts of an expression without rules and tokens.</summary>
    /// <exception cref="InferometerException">It is too large.</exception>
    public static TextAutomaton Of(Expression expression, GrammarLimits limits, string origin)
    {
        Nfa nfa = new(limits, origin);
        int start = nfa.AddState(), accept = nfa.AddState();
        new NfaBuilder(nfa, symbols: null).Add(expression, start, accept);
        return Trimmed(Determiniser.Run(nfa, start, accept, limits, origin));
    }

    /// <summary>The texts of an automaton over characters.</summary>
    public static TextAutomaton From(Dfa dfa) => Trimmed(dfa);

    /// <summary>Whether there is no text in the set.</summary>
    public bool IsEmpty => !Dfa.IsFinal[0] && Dfa.Edges[0].Length == 0;

    /// <summary>Whether a text is one of the set.</summary>
    public bool Contains(string text)
    {
        int state = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int next = Array.FindIndex(Dfa.Edges[state], edge => edge.First <= rune.Value && rune.Value <= edge.Last);
            if (next < 0)
            {
                return false;
            }

            state = Dfa.Edges[state][next].To;
        }

        return Dfa.IsFinal[state];
    }

    /// <summary>Texts of some characters that are not in the set.</summary>
    public TextAutomaton Complement(CharacterSet characters)
    {
        int other = Dfa.StateCount;
        DfaEdge[][] edges = new DfaEdge[other + 1][];
        for (int state = 0; state <= other; state++)
        {
            DfaEdge[] known = state < other ? Dfa.Edges[state] : [];
            CharacterSet rest = characters.Except(CharacterSet.Of(known.Select(edge => new SymbolRange(edge.First, edge.Last))));
            edges[state] =
            [
                .. known.Concat(rest.Ranges.Select(range => new DfaEdge(range.First, range.Last, other))).OrderBy(edge => edge.First),
            ];
        }

        return Trimmed(new Dfa(edges, [.. Dfa.IsFinal.Select(isFinal => !isFinal), true]));
    }

    /// <summary>Texts up to and with the first occurrence of <paramref name="end"/>.</summary>
    public static TextAutomaton Until(string end, GrammarLimits limits, string origin)
    {
        Expression any = Expression.Repeat(Expression.Characters(CharacterSet.Any), 0, null);
        Dfa found = Of(Expression.Sequence(any, Expression.Text(end)), limits, origin).Dfa;

        // Deterministic, so a text has ended at the first final state it comes to.
        return Trimmed(found with { Edges = [.. found.Edges.Select((edges, state) => found.IsFinal[state] ? [] : edges)] });
    }

    /// <summary>Texts in which <paramref name="part"/> does not occur.</summary>
    public static TextAutomaton Without(string part, GrammarLimits limits, string origin)
    {
        Expression any = Expression.Repeat(Expression.Characters(CharacterSet.Any), 0, null);
        Dfa found = Of(Expression.Sequence(any, Expression.Text(part)), limits, origin).Dfa;
        return Trimmed(new Dfa(
            [.. found.Edges.Select(edges => edges.Where(edge => !found.IsFinal[edge.To]).ToArray())],
            [.. found.IsFinal.Select(isFound => !isFound)]));
    }

    /// <summary>Texts of some characters that are none of a list.</summary>
    public static TextAutomaton NoneOf(
        IReadOnlyCollection<string> texts, CharacterSet characters, GrammarLimits limits, string origin) =>
        Of(Expression.Choice([.. texts.Select(Expression.Text)]), limits, origin).Complement(characters);

    /// <summary>The texts that are in both sets.</summary>
    public TextAutomaton Intersect(TextAutomaton other, GrammarLimits limits, string origin) =>
        Product(other.Dfa.StateCount, limits, origin, (state, edge) => other.Dfa.Edges[state]
                .Where(own => own.First <= edge.Last && own.Last >= edge.First)
                .Select(own => new DfaEdge(Math.Max(own.First, edge.First), Math.Min(own.Last, edge.Last), own.To)),
            state => other.Dfa.IsFinal[state]);

    /// <summary>The texts of a number of characters.</summary>
    public TextAutomaton WithLength(int minimum, int? maximum, GrammarLimits limits, string origin)
    {
        int last = maximum ?? minimum; // without a maximum more characters than asked for count as just as many
        limits.RequireStates((long)last + 1, origin);
        return Product(last + 1, limits, origin, (count, edge) => count < last ? [edge with { To = count + 1 }]
                : maximum is null ? [edge with { To = count }] : [],
            count => count >= minimum);
    }

    private TextAutomaton Product(
        int otherStates, GrammarLimits limits, string origin, Func<int, DfaEdge, IEnumerable<DfaEdge>> step, Func<int, bool> isFinal)
    {
        Dictionary<long, int> numbers = [];
        List<(int Own, int Other)> pairs = [];
        List<DfaEdge[]> edges = [];
        NumberOf(0, 0);
        while (edges.Count < pairs.Count)
        {
            (int own, int other) = pairs[edges.Count];
            edges.Add([.. Dfa.Edges[own].SelectMany(
                edge => step(other, edge).Select(both => both with { To = NumberOf(edge.To, both.To) }))]);
        }

        return Trimmed(new Dfa([.. edges], [.. pairs.Select(pair => Dfa.IsFinal[pair.Own] && isFinal(pair.Other))]));

        int NumberOf(int own, int other)
        {
            long key = ((long)own * otherStates) + other;
            if (!numbers.TryGetValue(key, out int number))
            {
                number = pairs.Count;
                numbers.Add(key, number);
                pairs.Add((own, other));
                limits.RequireStates(pairs.Count, origin);
            }

            return number;
        }
    }

    /// <summary>Without edges to states from which no text ends.</summary>
    private static TextAutomaton Trimmed(Dfa dfa)
    {
        bool[] ends = [.. dfa.IsFinal];
        List<int>[] before = new List<int>[dfa.StateCount];
        for (int state = 0; state < before.Length; state++)
        {
            foreach (DfaEdge edge in dfa.Edges[state])
            {
                (before[edge.To] ??= []).Add(state);
            }
        }

        Stack<int> open = new(Enumerable.Range(0, before.Length).Where(state => ends[state]));
        while (open.TryPop(out int state))
        {
            foreach (int from in before[state] ?? [])
            {
                if (!ends[from])
                {
                    ends[from] = true;
                    open.Push(from);
                }
            }
        }

        return new TextAutomaton(dfa with { Edges = [.. dfa.Edges.Select(edges => edges.Where(edge => ends[edge.To]).ToArray())] });
    }
}
