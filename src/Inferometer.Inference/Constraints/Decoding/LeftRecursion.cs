using Inferometer.Core;
using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>Finds rules that begin with themselves, which no text could ever leave.</summary>
internal static class LeftRecursion
{
    /// <exception cref="InferometerException">There is one.</exception>
    public static void Refuse(Grammar grammar, IReadOnlyDictionary<int, Dfa> automata, int firstRule, int firstToken)
    {
        HashSet<int> empty = Empty(automata, firstRule, firstToken);
        Dictionary<int, int[]> first = automata.ToDictionary(
            pair => pair.Key, pair => Beginnings(pair.Value, empty, firstRule, firstToken).ToArray());
        Dictionary<int, bool> done = [];
        foreach (int rule in automata.Keys)
        {
            Visit(grammar, rule, first, done);
        }
    }

    private static void Visit(Grammar grammar, int root, Dictionary<int, int[]> first, Dictionary<int, bool> done)
    {
        Stack<(int Rule, int Next)> path = new();
        path.Push((root, 0));
        while (path.TryPop(out (int Rule, int Next) at))
        {
            if (at.Next == 0 && !done.TryAdd(at.Rule, false))
            {
                if (!done[at.Rule])
                {
                    throw new InferometerException(
                        $"{grammar.Origin}: the rule '{grammar.Rules[at.Rule].Name}' begins with itself (left recursion); write it as a "
                            + $"repetition.");
                }

                continue;
            }

            if (at.Next < first[at.Rule].Length)
            {
                path.Push((at.Rule, at.Next + 1));
                path.Push((first[at.Rule][at.Next], 0));
            }
            else
            {
                done[at.Rule] = true;
            }
        }
    }

    /// <summary>Rules that can stand for the empty text.</summary>
    private static HashSet<int> Empty(IReadOnlyDictionary<int, Dfa> automata, int firstRule, int firstToken)
    {
        HashSet<int> empty = [];
        bool grows = true;
        while (grows)
        {
            grows = false;
            foreach ((int rule, Dfa dfa) in automata)
            {
                if (!empty.Contains(rule) && Reached(dfa, empty, firstRule, firstToken).Any(state => dfa.IsFinal[state]))
                {
                    grows |= empty.Add(rule);
                }
            }
        }

        return empty;
    }

    private static IEnumerable<int> Beginnings(Dfa dfa, HashSet<int> empty, int firstRule, int firstToken) =>
        Reached(dfa, empty, firstRule, firstToken).SelectMany(state => dfa.Edges[state])
            .Where(edge => edge.First >= firstRule && edge.First < firstToken)
            .SelectMany(edge => Enumerable.Range(edge.First - firstRule, edge.Last - edge.First + 1)).Distinct();

    /// <summary>States reached from the start over rules that can be empty.</summary>
    private static HashSet<int> Reached(Dfa dfa, HashSet<int> empty, int firstRule, int firstToken)
    {
        HashSet<int> reached = [0];
        Stack<int> open = new([0]);
        while (open.TryPop(out int state))
        {
            foreach (DfaEdge edge in dfa.Edges[state].Where(edge => edge.First >= firstRule && edge.First < firstToken))
            {
                if (Enumerable.Range(edge.First - firstRule, edge.Last - edge.First + 1).Any(empty.Contains) && reached.Add(edge.To))
                {
                    open.Push(edge.To);
                }
            }
        }

        return reached;
    }
}
