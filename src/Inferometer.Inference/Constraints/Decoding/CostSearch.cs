namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>
/// The shortest ways to the ends of the rules, in symbols that one token stands for. Ways that do not end are taken out of the tables, so
/// that every state that can be reached can be completed.
/// </summary>
internal sealed class CostSearch(int[] next, RuleCall[][] calls, bool[] isFinal, int[] starts, bool[] hasToken)
{
    public int[] Run()
    {
        int symbols = hasToken.Length;
        int[] costs = [.. isFinal.Select(final => final ? 0 : Automaton.Never)];
        bool changes = true;
        while (changes)
        {
            changes = false;
            for (int state = costs.Length - 1; state >= 0; state--)
            {
                int cost = Math.Min(costs[state], CostOf(next.AsSpan(state * symbols, symbols), calls[state], costs));
                changes |= cost != costs[state];
                costs[state] = cost;
            }
        }

        for (int i = 0; i < next.Length; i++)
        {
            next[i] = next[i] >= 0 && costs[next[i]] >= Automaton.Never ? -1 : next[i];
        }

        for (int state = 0; state < calls.Length; state++)
        {
            calls[state] =
            [
                .. calls[state].Where(call => costs[starts[call.Rule]] < Automaton.Never && costs[call.Return] < Automaton.Never),
            ];
        }

        return costs;
    }

    private int CostOf(ReadOnlySpan<int> row, RuleCall[] here, int[] costs)
    {
        int best = Automaton.Never;
        for (int symbol = 0; symbol < row.Length; symbol++)
        {
            if (row[symbol] >= 0 && hasToken[symbol])
            {
                best = Math.Min(best, 1 + costs[row[symbol]]);
            }
        }

        foreach (RuleCall call in here)
        {
            best = (int)Math.Min(best, (long)costs[starts[call.Rule]] + costs[call.Return]);
        }

        return best;
    }
}
