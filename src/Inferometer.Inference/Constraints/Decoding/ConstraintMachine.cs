using System.Runtime.CompilerServices;
using Inferometer.Core;

namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>
/// Walks texts through an automaton and says which tokens may follow. What it finds out is kept: places, where they lead, and their masks.
/// One per grammar and engine; not thread-safe.
/// </summary>
internal sealed class ConstraintMachine
{
    private const int MostStacks = 4096; // of one place: more only for grammars that read one text in very many ways
    private const int MostPlaces = 50_000; // kept
    private const int MostMasks = 2048; // kept
    private const int Dead = -1;
    private const int InPath = -2;

    private readonly Automaton _automaton;
    private readonly Dictionary<(int State, int Below), StackNode> _nodes = [];
    private readonly Dictionary<PlaceKey, Configuration> _places = [];
    private readonly PartialMask?[] _partial;
    private readonly HashSet<StackNode> _found = [];
    private readonly HashSet<(int State, int Below)> _entered = [];
    private readonly Configuration[] _path;
    private readonly int[] _states; // beside the path: the state where a place has one and nothing below, else InPath or Dead
    private readonly Configuration?[] _entries;
    private readonly ulong[] _bits;
    private readonly Configuration _dead;
    private readonly TokenMask _nothing;
    private readonly Stack<(int State, StackNode? Below)> _open = new();
    private int _nodeCount;
    private int _maskCount;
    private bool _isComplete;

    public ConstraintMachine(Automaton automaton)
    {
        _automaton = automaton;
        _partial = new PartialMask?[automaton.StateCount];
        _path = new Configuration[automaton.Trie.LongestToken + 1];
        _states = new int[automaton.Trie.LongestToken + 1];
        _entries = new Configuration?[automaton.StateCount];
        _bits = new ulong[(automaton.Trie.Tokenizer.VocabularySize + 63) / 64];
        _dead = new Configuration([], isComplete: false, automaton.SymbolCount);
        _nothing = new TokenMask(new ulong[_bits.Length], 0);
        Start = PlaceAt(automaton.Start(automaton.Root), below: null);
    }

    /// <summary>Where a text begins.</summary>
    public Configuration Start { get; }

    /// <summary>The place behind a token that is allowed.</summary>
    /// <exception cref="InvalidOperationException">It is not allowed.</exception>
    public Configuration Advance(Configuration place, int token)
    {
        Configuration next = After(place, token);
        return next.IsDead ? throw new InvalidOperationException($"token {token} does not continue the text") : next;
    }

    /// <summary>
    /// Sets the logits of tokens that the grammar forbids, or after which the text could not be completed in time, to negative infinity.
    /// Where no token leaves time enough, those that lead towards the end stay.
    /// </summary>
    /// <param name="place">Where the text is.</param>
    /// <param name="logits">Row of <c>[vocabulary]</c>.</param>
    /// <param name="remaining">Tokens that may still follow, the next one included.</param>
    /// <param name="mayEnd">A complete text may end here, so that no other token need be left.</param>
    public void Apply(Configuration place, Span<float> logits, int remaining, bool mayEnd)
    {
        TokenMask mask = MaskOf(place);
        if (mask.MaximumCost > remaining - 1)
        {
            mask = Within(place, remaining - 1)
                ?? (place.IsComplete && mayEnd ? _nothing : Within(place, place.Cost - 1))
                ?? mask;
        }

        mask.Apply(logits);
    }

    /// <summary>The tokens that may follow, however long the text may still become.</summary>
    public TokenMask MaskOf(Configuration place)
    {
        if (place.Mask is { } known)
        {
            return known;
        }

        if (++_maskCount > MostMasks)
        {
            Forget();
        }

        return place.Mask = place.Stacks is [var only] && Partial(only.State) is { Uncertain.Length: 0 } partial
            && _automaton.TokenSymbols.Count == 0
            ? partial.Mask with { MaximumCost = partial.Mask.MaximumCost + only.CostBelow }
            : Join(place);
    }

    /// <summary>The place behind a token, dead where the token is forbidden.</summary>
    private Configuration After(Configuration place, int token)
    {
        int symbol = _automaton.SymbolOfToken(token);
        if (symbol >= 0 && Next(place, symbol) is { IsDead: false } named)
        {
            return named;
        }

        if (!_automaton.Trie.IsText(token))
        {
            return _dead;
        }

        foreach (byte value in _automaton.Trie.Tokenizer.TokenBytes(token))
        {
            place = Next(place, _automaton.SymbolOf(value));
            if (place.IsDead)
            {
                break;
            }
        }

        return place;
    }

    private TokenMask Join(Configuration place)
    {
        // Before the bits are joined: finding out what is not known yet uses them too.
        PartialMask[] partials = [.. place.Stacks.Select(stack => Partial(stack.State))];
        Array.Clear(_bits);
        int maximum = 0;
        foreach ((StackNode stack, PartialMask partial) in place.Stacks.Zip(partials))
        {
            for (int i = 0; i < _bits.Length; i++)
            {
                _bits[i] |= partial.Mask.Bits[i];
            }

            maximum = Math.Max(maximum, partial.Mask.MaximumCost + stack.CostBelow);
        }

        foreach (int token in partials.SelectMany(partial => partial.Uncertain))
        {
            if (!IsSet(token) && After(place, token) is { IsDead: false } next)
            {
                Allow(token, next.Cost, ref maximum);
            }
        }

        AllowNamed(place, int.MaxValue, ref maximum);
        return new TokenMask([.. _bits], maximum);
    }

    private void AllowNamed(Configuration place, int limit, ref int maximum)
    {
        foreach ((int token, int symbol) in _automaton.TokenSymbols)
        {
            if (Next(place, symbol) is { IsDead: false } next && next.Cost <= limit)
            {
                Allow(token, next.Cost, ref maximum);
            }
        }
    }

    /// <summary>Tokens after which a text can be completed in time, tried one by one; null where there is none.</summary>
    private TokenMask? Within(Configuration place, int limit)
    {
        Array.Clear(_bits);
        int maximum = -1;
        TrieNode[] nodes = _automaton.Trie.Nodes;
        _path[0] = place;
        for (int i = 0; i < nodes.Length;)
        {
            TrieNode node = nodes[i];
            Configuration next = Next(_path[node.Depth - 1], _automaton.SymbolOf(node.Byte));
            if (next.IsDead)
            {
                i = node.End;
                continue;
            }

            _path[node.Depth] = next;
            for (int token = node.Token; token >= 0 && next.Cost <= limit; token = _automaton.Trie.SameBytes(token))
            {
                Allow(token, next.Cost, ref maximum);
            }

            i++;
        }

        AllowNamed(place, limit, ref maximum);
        return maximum < 0 ? null : new TokenMask([.. _bits], maximum);
    }

    /// <summary>What is known of the tokens at a state whatever called its rule.</summary>
    /// <remarks>Optimised at once: a first request walks a tree of hundreds of thousands of nodes a few dozen times.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private PartialMask Partial(int state)
    {
        if (_partial[state] is { } known)
        {
            return known;
        }

        Array.Clear(_bits);
        int maximum = 0;
        List<int> uncertain = [];
        TrieNode[] nodes = _automaton.Trie.Nodes;
        _states[0] = state;
        int left = int.MaxValue; // depth at which the rule ended, so that what follows is up to its caller
        for (int i = 0; i < nodes.Length;)
        {
            TrieNode node = nodes[i];
            left = left >= node.Depth ? int.MaxValue : left;
            (bool isDead, bool isComplete, int cost) = Step(node);
            if (isDead && left == int.MaxValue)
            {
                i = node.End;
                continue;
            }

            for (int token = node.Token; token >= 0; token = _automaton.Trie.SameBytes(token))
            {
                if (!isDead)
                {
                    Allow(token, cost, ref maximum);
                }
                else
                {
                    uncertain.Add(token);
                }
            }

            left = isComplete && left == int.MaxValue ? node.Depth : left;
            i++;
        }

        PartialMask result = new(new TokenMask([.. _bits], maximum), [.. uncertain]);
        _partial[state] = result;
        return result;
    }

    /// <summary>
    /// Goes down to a node of the tree. Most of what is walked is inside of a text, where no rule begins: there a state is all there is
    /// to a
    /// place, and a look into the table all there is to a step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (bool IsDead, bool IsComplete, int Cost) Step(in TrieNode node)
    {
        int before = _states[node.Depth - 1], symbol = _automaton.SymbolOf(node.Byte);
        ref int at = ref _states[node.Depth];
        if (before >= 0)
        {
            at = _automaton.Next(before, symbol);
            if (at < 0)
            {
                at = Dead;
                return (true, false, Automaton.Never);
            }

            if (_automaton.Calls(at).Length == 0)
            {
                bool isFinal = _automaton.IsFinal(at);
                return (!isFinal && !_automaton.HasSymbols(at), isFinal, isFinal ? 0 : _automaton.Cost(at));
            }

            _path[node.Depth] = _entries[at] ??= PlaceAt(at, below: null);
        }
        else if (before == Dead)
        {
            at = Dead;
            return (true, false, Automaton.Never);
        }
        else
        {
            _path[node.Depth] = Next(_path[node.Depth - 1], symbol);
        }

        at = InPath;
        Configuration place = _path[node.Depth];
        return (place.IsDead, place.IsComplete, place.Cost);
    }

    private void Allow(int token, int cost, ref int maximum)
    {
        _bits[token >> 6] |= 1UL << (token & 63);
        maximum = Math.Max(maximum, cost);
    }

    private bool IsSet(int token) => (_bits[token >> 6] >> (token & 63) & 1) != 0;

    private Configuration Next(Configuration place, int symbol) => place.Next[symbol] ??= Find(place, symbol);

    private Configuration Find(Configuration place, int symbol)
    {
        Begin();
        foreach (StackNode stack in place.Stacks)
        {
            int next = _automaton.Next(stack.State, symbol);
            if (next >= 0)
            {
                Enter(next, stack.Below);
            }
        }

        return Intern();
    }

    private Configuration PlaceAt(int state, StackNode? below)
    {
        Begin();
        Enter(state, below);
        return Intern();
    }

    private void Begin()
    {
        _found.Clear();
        _entered.Clear();
        _isComplete = false;
    }

    /// <summary>Adds the stacks of a state: those of its rule's ends, of the rules that begin there, and its own.</summary>
    private void Enter(int state, StackNode? below)
    {
        _open.Push((state, below));
        while (_open.TryPop(out (int State, StackNode? Below) at))
        {
            if (!_entered.Add((at.State, at.Below?.Id ?? -1)))
            {
                continue;
            }

            if (_entered.Count > MostStacks)
            {
                _open.Clear();
                throw new InferometerException(
                    $"{_automaton.Origin}: the grammar reads the same text in more than {MostStacks} ways; make it less ambiguous.");
            }

            if (_automaton.IsFinal(at.State))
            {
                if (at.Below is { } caller)
                {
                    _open.Push((caller.State, caller.Below));
                }
                else
                {
                    _isComplete = true;
                }
            }

            if (_automaton.HasSymbols(at.State))
            {
                _found.Add(Node(at.State, at.Below));
            }

            foreach (RuleCall call in _automaton.Calls(at.State))
            {
                _open.Push((_automaton.Start(call.Rule), _automaton.IsLast(call.Return) ? at.Below : Node(call.Return, at.Below)));
            }
        }
    }

    private StackNode Node(int state, StackNode? below)
    {
        (int, int) key = (state, below?.Id ?? -1);
        if (!_nodes.TryGetValue(key, out StackNode? node))
        {
            int cost = Math.Min(Automaton.Never, _automaton.Cost(state) + (below?.Cost ?? 0));
            node = new StackNode(_nodeCount++, state, below, cost);
            _nodes.Add(key, node);
        }

        return node;
    }

    private Configuration Intern()
    {
        if (_found.Count == 0 && !_isComplete)
        {
            return _dead;
        }

        StackNode[] stacks = [.. _found.OrderBy(node => node.Id)];
        PlaceKey key = new(stacks, _isComplete);
        if (!_places.TryGetValue(key, out Configuration? place))
        {
            if (_places.Count >= MostPlaces)
            {
                Forget();
            }

            place = new Configuration(stacks, _isComplete, _automaton.SymbolCount);
            _places.Add(key, place);
        }

        return place;
    }

    /// <summary>Drops what is kept; places that are in use stay as they are.</summary>
    private void Forget()
    {
        foreach (Configuration place in _places.Values)
        {
            place.Mask = null;
            Array.Clear(place.Next);
        }

        Array.Clear(_entries);
        _places.Clear();
        _nodes.Clear();
        _maskCount = 0;
    }

    /// <summary>What is known at a state whatever called its rule.</summary>
    /// <param name="Mask">Tokens that are allowed.</param>
    /// <param name="Uncertain">Tokens that go on behind the end of the rule.</param>
    private sealed record PartialMask(TokenMask Mask, int[] Uncertain);

    private readonly struct PlaceKey(StackNode[] stacks, bool isComplete) : IEquatable<PlaceKey>
    {
        private readonly StackNode[] _stacks = stacks;
        private readonly bool _isComplete = isComplete;

        public bool Equals(PlaceKey other) => _isComplete == other._isComplete && _stacks.AsSpan().SequenceEqual(other._stacks);

        public override bool Equals(object? obj) => obj is PlaceKey other && Equals(other);

        public override int GetHashCode()
        {
            HashCode hash = default;
            hash.Add(_isComplete);
            foreach (StackNode node in _stacks)
            {
                hash.Add(node.Id);
            }

            return hash.ToHashCode();
        }
    }
}
