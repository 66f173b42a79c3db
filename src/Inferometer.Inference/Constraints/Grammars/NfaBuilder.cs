using System.Text;

namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>Writes expressions as automata: over UTF-8 bytes, or over characters.</summary>
/// <param name="nfa">What is written to.</param>
/// <param name="symbols">What stands for rules and tokens; null = over characters, where there are none.</param>
internal sealed class NfaBuilder(Nfa nfa, IGrammarSymbols? symbols)
{
    /// <summary>Adds the paths of an expression between two states.</summary>
    public void Add(Expression expression, int from, int to)
    {
        switch (expression)
        {
            case TextExpression text:
                AddText(text.Value, from, to);
                break;
            case CharactersExpression characters:
                AddCharacters(characters.Set, from, to);
                break;
            case SequenceExpression sequence:
                AddSequence(sequence.Parts, from, to);
                break;
            case ChoiceExpression choice:
                foreach (Expression branch in choice.Branches)
                {
                    Add(branch, from, to);
                }

                break;
            case RepeatExpression repeat:
                AddRepeat(repeat, from, to);
                break;
            case ListExpression list:
                AddList(list, from, to);
                break;
            case AutomatonExpression automaton:
                AddAutomaton(automaton, from, to);
                break;
            default:
                (symbols ?? throw new InvalidOperationException("no rules or tokens over characters")).Add(this, expression, from, to);
                break;
        }
    }

    /// <summary>Adds an edge of one symbol.</summary>
    public void AddSymbol(int symbol, int from, int to) => nfa.AddEdge(from, symbol, symbol, to);

    /// <summary>Adds a way from and to a state that takes any number of characters.</summary>
    public void AddAnyText(int state) => AddCharacters(CharacterSet.Any, state, state);

    public int AddState() => nfa.AddState();

    /// <summary>Adds a way without a symbol.</summary>
    public void AddEmpty(int from, int to) => nfa.AddEmpty(from, to);

    private void AddCharacters(CharacterSet set, int from, int to)
    {
        if (symbols is not null)
        {
            Utf8Paths.Add(nfa, from, to, set);
            return;
        }

        foreach (SymbolRange range in set.Ranges)
        {
            nfa.AddEdge(from, range.First, range.Last, to);
        }
    }

    private void AddText(string text, int from, int to)
    {
        int[] values = symbols is null
            ? [.. text.EnumerateRunes().Select(rune => rune.Value)]
            : [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value)];
        if (values.Length == 0)
        {
            nfa.AddEmpty(from, to);
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            int next = i == values.Length - 1 ? to : nfa.AddState();
            nfa.AddEdge(from, values[i], values[i], next);
            from = next;
        }
    }

    private void AddSequence(IReadOnlyList<Expression> parts, int from, int to)
    {
        for (int i = 0; i < parts.Count - 1; i++)
        {
            int next = nfa.AddState();
            Add(parts[i], from, next);
            from = next;
        }

        if (parts.Count == 0)
        {
            nfa.AddEmpty(from, to);
        }
        else
        {
            Add(parts[^1], from, to);
        }
    }

    private void AddRepeat(RepeatExpression repeat, int from, int to)
    {
        // States of its own: an expression's paths must not lead back into what stands before it.
        int at = nfa.AddState();
        nfa.AddEmpty(from, at);
        for (int i = 0; i < repeat.Minimum; i++)
        {
            int next = nfa.AddState();
            Add(repeat.Item, at, next);
            at = next;
        }

        if (repeat.Maximum is not int maximum)
        {
            int loop = nfa.AddState();
            nfa.AddEmpty(at, loop);
            Add(repeat.Item, loop, loop);
            nfa.AddEmpty(loop, to);
            return;
        }

        nfa.AddEmpty(at, to);
        for (int i = repeat.Minimum; i < maximum; i++)
        {
            int next = nfa.AddState();
            Add(repeat.Item, at, next);
            nfa.AddEmpty(next, to);
            at = next;
        }
    }

    private void AddList(ListExpression list, int from, int to)
    {
        int none = nfa.AddState(), some = -1;
        nfa.AddEmpty(from, none);
        foreach (ListItem item in list.Items)
        {
            int next = nfa.AddState();
            Add(item.Value, none, next);
            if (some >= 0)
            {
                int value = nfa.AddState();
                Add(list.Separator, some, value);
                Add(item.Value, value, next);
                if (!item.IsRequired)
                {
                    nfa.AddEmpty(some, next);
                }
            }

            some = next;
            if (item.IsRequired)
            {
                none = nfa.AddState(); // nobody gets there
            }
        }

        AddExtra(list, none, ref some);
        nfa.AddEmpty(none, to);
        if (some >= 0)
        {
            nfa.AddEmpty(some, to);
        }
    }

    private void AddExtra(ListExpression list, int none, ref int some)
    {
        if (list.Extra is null)
        {
            return;
        }

        int loop = nfa.AddState();
        if (some >= 0)
        {
            nfa.AddEmpty(some, loop);
        }

        Add(list.Extra, none, loop);
        int value = nfa.AddState();
        Add(list.Separator, loop, value);
        Add(list.Extra, value, loop);
        some = loop;
    }

    private void AddAutomaton(AutomatonExpression expression, int from, int to)
    {
        Dfa dfa = expression.Automaton.Dfa;
        int[] states = [.. Enumerable.Range(0, dfa.StateCount).Select(_ => nfa.AddState())];
        nfa.AddEmpty(from, states[0]);
        for (int state = 0; state < states.Length; state++)
        {
            if (dfa.IsFinal[state])
            {
                nfa.AddEmpty(states[state], to);
            }

            foreach (IGrouping<int, DfaEdge> edges in dfa.Edges[state].GroupBy(edge => edge.To))
            {
                CharacterSet set = CharacterSet.Of(edges.Select(edge => new SymbolRange(edge.First, edge.Last)));
                Add(expression.Spelling?.Invoke(set) ?? Expression.Characters(set), states[state], states[edges.Key]);
            }
        }
    }
}
