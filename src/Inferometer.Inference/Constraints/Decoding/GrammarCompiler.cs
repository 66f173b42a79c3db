using Inferometer.Core;
using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>Makes a grammar ready for a vocabulary.</summary>
internal sealed class GrammarCompiler : IGrammarSymbols
{
    // Symbols of the automata: bytes, then rules, then tokens, with gaps between, so that no stretch of symbols goes over a border.
    private const int FirstRule = 512;
    private const int FirstToken = 1 << 24;

    // A rule this small is written where it is used, so that less of a text depends on where it came from.
    private const int InlineWeight = 80;

    private readonly Grammar _grammar;
    private readonly IGrammarVocabulary _vocabulary;
    private readonly GrammarLimits _limits;
    private readonly RuleWeights _weights;
    private readonly Dictionary<int, Dfa> _automata = [];
    private readonly Queue<int> _wanted = new();

    private GrammarCompiler(Grammar grammar, IGrammarVocabulary vocabulary, GrammarLimits limits)
    {
        (_grammar, _vocabulary, _limits) = (grammar, vocabulary, limits);
        _weights = new RuleWeights(grammar, limits);
    }

    /// <summary>Compiles.</summary>
    /// <exception cref="InferometerException">The grammar is too large, goes round in circles, can never be fulfilled, or names a token
    /// that the vocabulary does not have.</exception>
    public static Automaton Compile(Grammar grammar, TokenTrie trie) =>
        new(Compile(grammar, trie, GrammarLimits.Default), grammar.Origin, trie);

    /// <summary>Compiles within limits of one's own.</summary>
    public static AutomatonTables Compile(Grammar grammar, IGrammarVocabulary vocabulary, GrammarLimits limits)
    {
        GrammarCompiler work = new(grammar, vocabulary, limits);
        work.Determinise();
        LeftRecursion.Refuse(grammar, work._automata, FirstRule, FirstToken);
        return work.Tables();
    }

    public void Add(NfaBuilder builder, Expression expression, int from, int to)
    {
        switch (expression)
        {
            case RuleExpression rule when _weights.Of(rule.Rule) <= InlineWeight && rule.Rule != _grammar.Root:
                int at = builder.AddState();
                builder.AddEmpty(from, at);
                builder.Add(_grammar.Rules[rule.Rule].Body, at, to);
                break;
            case RuleExpression rule:
                Want(rule.Rule);
                builder.AddSymbol(FirstRule + rule.Rule, from, to);
                break;
            case MarkerExpression marker when _vocabulary.ControlToken(marker.Value) is int token:
                builder.AddSymbol(FirstToken + token, from, to);
                break;
            case MarkerExpression marker:
                builder.Add(Expression.Text(marker.Value), from, to);
                break;
            case UntilMarkerExpression until when _vocabulary.ControlToken(until.Value) is int token:
                int text = builder.AddState();
                builder.AddEmpty(from, text);
                builder.AddAnyText(text);
                builder.AddSymbol(FirstToken + token, text, to);
                break;
            case UntilMarkerExpression until:
                builder.Add(
                    new AutomatonExpression(TextAutomaton.Until(until.Value, _limits, _grammar.Origin), Spelling: null), from, to);
                break;
            case WithoutMarkerExpression without when _vocabulary.ControlToken(without.Value) is not null:
                int free = builder.AddState(); // no text of characters holds a control token
                builder.AddEmpty(from, free);
                builder.AddAnyText(free);
                builder.AddEmpty(free, to);
                break;
            case WithoutMarkerExpression without:
                builder.Add(
                    new AutomatonExpression(TextAutomaton.Without(without.Value, _limits, _grammar.Origin), Spelling: null), from, to);
                break;
            case TokenExpression token:
                AddToken(builder, token.Id, from, to);
                break;
            default:
                throw new InvalidOperationException($"'{expression.GetType().Name}' is no part of a grammar");
        }
    }

    private void AddToken(NfaBuilder builder, int token, int from, int to)
    {
        if (token >= _vocabulary.Size)
        {
            throw new InferometerException(
                $"{_grammar.Origin}: token {token} is outside the vocabulary of {_vocabulary.Size} tokens.");
        }

        // As a symbol of its own, whatever it stands for: it is the token that is asked for, not its text.
        builder.AddSymbol(FirstToken + token, from, to);
    }

    private void Want(int rule)
    {
        if (_automata.TryAdd(rule, null!))
        {
            _wanted.Enqueue(rule);
        }
    }

    private void Determinise()
    {
        Want(_grammar.Root);
        int states = 0;
        while (_wanted.TryDequeue(out int rule))
        {
            Nfa nfa = new(_limits, _grammar.Origin);
            int start = nfa.AddState(), accept = nfa.AddState();
            new NfaBuilder(nfa, this).Add(_grammar.Rules[rule].Body, start, accept);
            _automata[rule] = Determiniser.Run(nfa, start, accept, _limits, _grammar.Origin);
            states += _automata[rule].StateCount;
            _limits.RequireStates(states, _grammar.Origin);
        }
    }

    private AutomatonTables Tables()
    {
        int[] rules = [.. _automata.Keys];
        int[] starts = new int[_grammar.Rules.Count];
        int states = 0;
        foreach (int rule in rules)
        {
            starts[rule] = states;
            states += _automata[rule].StateCount;
        }

        byte[] classes = Classes();
        int classCount = classes.Max() + 1;
        Dictionary<int, int> tokens = [];
        foreach (int token in AllEdges.SelectMany(TokensOf))
        {
            tokens.TryAdd(token, classCount + tokens.Count);
        }

        int symbols = classCount + tokens.Count;
        if ((long)states * symbols > _limits.Cells)
        {
            throw new InferometerException(
                $"{_grammar.Origin}: the grammar has {states} states of {symbols} symbols, more than {_limits.Cells} together; make its "
                    + $"repetitions, lengths or lists of values smaller.");
        }

        int[] next = new int[states * symbols];
        Array.Fill(next, -1);
        RuleCall[][] calls = new RuleCall[states][];
        bool[] isFinal = new bool[states];
        foreach (int rule in rules)
        {
            Dfa dfa = _automata[rule];
            for (int state = 0; state < dfa.StateCount; state++)
            {
                int at = starts[rule] + state;
                isFinal[at] = dfa.IsFinal[state];
                calls[at] = [.. dfa.Edges[state].Where(IsCall).SelectMany(CallsOf)];
                foreach (DfaEdge edge in dfa.Edges[state])
                {
                    Span<int> row = next.AsSpan(at * symbols, symbols);
                    foreach (int token in TokensOf(edge))
                    {
                        row[tokens[token]] = starts[rule] + edge.To;
                    }

                    for (int value = edge.First; value <= Math.Min(edge.Last, byte.MaxValue); value++)
                    {
                        row[classes[value]] = starts[rule] + edge.To;
                    }
                }

                IEnumerable<RuleCall> CallsOf(DfaEdge edge) => Enumerable.Range(edge.First, edge.Last - edge.First + 1)
                    .Select(symbol => new RuleCall(symbol - FirstRule, starts[rule] + edge.To));
            }
        }

        bool[] hasToken = HasToken(classes, symbols);
        int[] costs = new CostSearch(next, calls, isFinal, starts, hasToken).Run();
        RequireFulfillable(costs[starts[_grammar.Root]]);
        return new AutomatonTables(next, calls, isFinal, starts, costs, classes, tokens, symbols, _grammar.Root);
    }

    private IEnumerable<DfaEdge> AllEdges => _automata.Values.SelectMany(dfa => dfa.Edges).SelectMany(edges => edges);

    private static bool IsCall(DfaEdge edge) => edge.First is >= FirstRule and < FirstToken;

    private static IEnumerable<int> TokensOf(DfaEdge edge) =>
        edge.First < FirstToken ? [] : Enumerable.Range(edge.First - FirstToken, edge.Last - edge.First + 1);

    /// <summary>Symbols that one token stands for.</summary>
    private bool[] HasToken(byte[] classes, int symbols)
    {
        bool[] hasToken = new bool[symbols];
        Array.Fill(hasToken, true);
        Array.Clear(hasToken, 0, classes.Max() + 1);
        for (int value = 0; value < classes.Length; value++)
        {
            hasToken[classes[value]] |= _vocabulary.HasByte((byte)value);
        }

        return hasToken;
    }

    /// <summary>Bytes that no edge tells apart fall into one class.</summary>
    private byte[] Classes()
    {
        bool[] begins = new bool[257];
        foreach (DfaEdge edge in AllEdges.Where(edge => edge.First < FirstRule))
        {
            begins[edge.First] = true;
            begins[edge.Last + 1] = true;
        }

        byte[] classes = new byte[256];
        for (int value = 1; value < classes.Length; value++)
        {
            classes[value] = (byte)(classes[value - 1] + (begins[value] ? 1 : 0));
        }

        return classes;
    }

    private void RequireFulfillable(int cost)
    {
        if (cost >= Automaton.Never)
        {
            throw new InferometerException(
                $"{_grammar.Origin}: no text fulfils the grammar, or none that the vocabulary of {_vocabulary.Source} can write: it "
                    + $"needs a token for every single byte.");
        }
    }
}
