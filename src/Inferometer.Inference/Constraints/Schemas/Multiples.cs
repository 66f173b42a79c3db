using System.Globalization;
using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>
/// Writes multiples of a number: an automaton that keeps the remainder of the digits read so far. A divisor with decimals counts in
/// units of its last one, and numbers are written with no more decimals than it has.
/// </summary>
internal static class Multiples
{
    public const int MostUnits = 10_000; // remainders that are told apart
    private const int MostDecimals = 6;

    /// <summary>Whether multiples of a number can be written.</summary>
    public static bool CanHold(decimal divisor) =>
        divisor > 0 && Plain(divisor) is { Scale: <= MostDecimals } plain && Units(plain) <= MostUnits;

    /// <summary>Whether a number is a multiple of all.</summary>
    public static bool Contains(IReadOnlyList<decimal> divisors, decimal value) => divisors.All(divisor => value % divisor == 0);

    /// <summary>Of some numbers those that are multiples of all divisors.</summary>
    /// <param name="numbers">Texts of numbers; those with exponents are left out.</param>
    /// <param name="divisors">Divisors that can be held.</param>
    /// <param name="limits">Bounds of what is made.</param>
    /// <param name="origin">The schema, for messages.</param>
    public static TextAutomaton Of(Expression numbers, IReadOnlyList<decimal> divisors, GrammarLimits limits, string origin)
    {
        var texts = TextAutomaton.Of(numbers, limits, origin);
        foreach (decimal divisor in divisors)
        {
            texts = texts.Intersect(TextAutomaton.From(Automaton(Plain(divisor), limits, origin)), limits, origin);
        }

        return texts;
    }

    // Without zeros at the end: 0.50 has one decimal.
    private static decimal Plain(decimal value) =>
        decimal.Parse(value.ToString("0.############################", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static decimal Units(decimal plain)
    {
        for (int i = plain.Scale; i > 0; i--)
        {
            plain *= 10;
        }

        return plain;
    }

    private static Dfa Automaton(decimal divisor, GrammarLimits limits, string origin)
    {
        int units = (int)Units(divisor), decimals = divisor.Scale;

        // 0 begins, 1 follows the sign; behind them, for each number of decimals read (whole, behind the point, one, two, ...), a state of
        // each remainder.
        int Place(int row, int remainder) => 2 + (row * units) + remainder;
        limits.RequireStates(2L + ((decimals + 2L) * units), origin);
        DfaEdge[][] edges = new DfaEdge[2 + ((decimals + 2) * units)][];
        bool[] isFinal = new bool[edges.Length];
        DfaEdge[] Digits(int row, int remainder) =>
        [
            .. Enumerable.Range(0, 10).Select(
                digit => new DfaEdge('0' + digit, '0' + digit, Place(row, ((remainder * 10) + digit) % units))),
        ];
        edges[1] = Digits(0, 0);
        edges[0] = [new DfaEdge('-', '-', 1), .. edges[1]];
        for (int row = 0; row < decimals + 2; row++)
        {
            int read = Math.Max(row - 1, 0);
            int missing = (int)Math.Pow(10, decimals - read) % units;
            for (int remainder = 0; remainder < units; remainder++)
            {
                DfaEdge[] digits = row == 0 ? Digits(0, remainder) : read < decimals ? Digits(row + 1, remainder) : [];
                edges[Place(row, remainder)] = row == 0 && decimals > 0
                    ? [new DfaEdge('.', '.', Place(1, remainder)), .. digits]
                    : digits;
                isFinal[Place(row, remainder)] = row != 1 && (long)remainder * missing % units == 0;
            }
        }

        return new Dfa(edges, isFinal);
    }
}
