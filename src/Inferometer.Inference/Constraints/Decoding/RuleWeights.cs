using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>How many states the rules of a grammar come to, about; rules that name themselves, over others or not, are past
/// counting.</summary>
internal sealed class RuleWeights(Grammar grammar, GrammarLimits limits)
{
    private const int Recursive = int.MaxValue / 2;
    private const int Counting = -1;
    private const int Deepest = 256; // rules within rules
    private readonly Dictionary<int, int> _known = [];
    private int _depth;

    public int Of(int rule)
    {
        if (_known.TryGetValue(rule, out int known))
        {
            return known is Counting ? Recursive : known;
        }

        if (_depth == Deepest)
        {
            return Recursive;
        }

        _known[rule] = Counting;
        _depth++;
        int weight = Weigh(grammar.Rules[rule].Body);
        _depth--;
        return _known[rule] = weight;
    }

    private int Weigh(Expression expression) => expression switch
    {
        TextExpression text => text.Value.Length,
        CharactersExpression characters => Math.Min(characters.Set.Ranges.Count * 4, 24),
        SequenceExpression sequence => Sum(sequence.Parts),
        ChoiceExpression choice => Sum(choice.Branches),
        RepeatExpression repeat => Times(Weigh(repeat.Item), Math.Max(1, repeat.Maximum ?? (repeat.Minimum + 1))),
        ListExpression list => Times(Sum([.. list.Items.Select(item => item.Value), list.Separator, list.Extra ?? Expression.Empty]), 2),
        AutomatonExpression automaton => Times(automaton.Automaton.Dfa.StateCount, 8),
        RuleExpression rule => Of(rule.Rule),
        _ => Math.Min(limits.States, 8),
    };

    private int Sum(IReadOnlyList<Expression> parts)
    {
        int sum = 1;
        foreach (Expression part in parts)
        {
            sum = Math.Min(Recursive, sum + Weigh(part));
        }

        return sum;
    }

    private static int Times(int weight, int times) => (int)Math.Min(Recursive, (long)weight * times);
}
