using System.Runtime.InteropServices;

namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>
/// A grammar made ready for a vocabulary: every rule a deterministic automaton, all of them in one table. Symbols are classes of bytes
/// that no rule tells apart, and tokens. Immutable.
/// </summary>
internal sealed class Automaton
{
    /// <summary>Nothing completes a text from here.</summary>
    public const int Never = int.MaxValue / 4;

    private readonly int[] _next;
    private readonly RuleCall[][] _calls;
    private readonly bool[] _isFinal;
    private readonly int[] _starts;
    private readonly int[] _costs;
    private readonly byte[] _classes;
    private readonly Dictionary<int, int> _tokenSymbols;
    private readonly bool[] _hasSymbols;

    internal Automaton(AutomatonTables tables, string origin, TokenTrie trie)
    {
        (_next, _calls, _isFinal, _starts, _costs) = (tables.Next, tables.Calls, tables.IsFinal, tables.Starts, tables.Costs);
        (_classes, _tokenSymbols, SymbolCount, Root) = (tables.Classes, tables.TokenSymbols, tables.SymbolCount, tables.Root);
        Origin = origin;
        Trie = trie;
        _hasSymbols = [.. Enumerable.Range(0, StateCount)
            .Select(state => _next.AsSpan(state * SymbolCount, SymbolCount).ContainsAnyExcept(-1))];
    }

    /// <summary>Where the grammar comes from.</summary>
    public string Origin { get; }

    /// <summary>The vocabulary.</summary>
    public TokenTrie Trie { get; }

    /// <summary>Classes of bytes and tokens.</summary>
    public int SymbolCount { get; }

    /// <summary>The rule of the whole text.</summary>
    public int Root { get; }

    public int StateCount => _isFinal.Length;

    /// <summary>The tokens that the grammar names, with their symbols.</summary>
    public IReadOnlyDictionary<int, int> TokenSymbols => _tokenSymbols;

    /// <summary>The symbol of a byte.</summary>
    public int SymbolOf(byte value) => _classes[value];

    /// <summary>The symbol of a token that the grammar names; -1 for others.</summary>
    public int SymbolOfToken(int token) => _tokenSymbols.GetValueOrDefault(token, -1);

    /// <summary>The state behind a symbol, or -1.</summary>
    public int Next(int state, int symbol) => _next[(state * SymbolCount) + symbol];

    /// <summary>Rules that may begin at a state, and where they come back to.</summary>
    public ReadOnlySpan<RuleCall> Calls(int state) => _calls[state];

    public bool IsFinal(int state) => _isFinal[state];

    /// <summary>Whether nothing leads on from a state: coming back to it is as good as coming back to its caller.</summary>
    public bool IsLast(int state) => _isFinal[state] && _calls[state].Length == 0 && !_hasSymbols[state];

    /// <summary>Whether a symbol leads on from a state.</summary>
    public bool HasSymbols(int state) => _hasSymbols[state];

    public int Start(int rule) => _starts[rule];

    /// <summary>Symbols of the shortest way from a state to the end of its rule, each of which is one token: a byte that is a token by
    /// itself, or a token.</summary>
    public int Cost(int state) => _costs[state];
}

/// <summary>A rule that begins at a state.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Return">The state behind it.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RuleCall(int Rule, int Return);

/// <summary>What an <see cref="Automaton"/> is made of.</summary>
internal sealed record AutomatonTables(
    int[] Next, RuleCall[][] Calls, bool[] IsFinal, int[] Starts, int[] Costs, byte[] Classes, Dictionary<int, int> TokenSymbols,
        int SymbolCount,
    int Root);
