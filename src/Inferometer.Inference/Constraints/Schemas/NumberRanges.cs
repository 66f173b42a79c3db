using System.Globalization;
using System.Numerics;
using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>Writes ranges of numbers as texts of digits.</summary>
internal static class NumberRanges
{
    private const int FewestDigits = 16; // where a side has no bound: numbers of as many digits
    private const int MoreDecimals = 12; // digits behind those that decide

    /// <summary>Whole numbers of a range; null where there is none.</summary>
    public static Expression? Integers(NumberBounds bounds)
    {
        (BigInteger low, BigInteger high) = Scaled(bounds, 0);
        return Signed(low, high, decimals: 0);
    }

    /// <summary>Numbers of a range, whole or with decimals; null where there is none.</summary>
    public static Expression? Numbers(NumberBounds bounds)
    {
        // One decimal more than the bounds have, so that there is something between neighbours.
        int decimals = Math.Max(Decimals(bounds.Minimum), Decimals(bounds.Maximum)) + 1;
        Expression[] forms =
        [
            .. Enumerable.Range(0, decimals + 1).Select(count => Scaled(bounds, count) is var (low, high)
                ? Signed(low, high, count) : null).Append(Between(bounds, decimals)).OfType<Expression>(),
        ];
        return forms.Length == 0 ? null : Expression.Choice(forms);
    }

    private static int Decimals(decimal? value) => value is { } number ? number.Scale : 0;

    /// <summary>Bounds in units of a number of decimals, both included.</summary>
    private static (BigInteger Low, BigInteger High) Scaled(NumberBounds bounds, int decimals)
    {
        BigInteger scale = BigInteger.Pow(10, decimals);
        int digits = Math.Max(Digits(bounds.Minimum), Digits(bounds.Maximum)) + 1;
        BigInteger most = BigInteger.Pow(10, Math.Max(FewestDigits, digits)) * scale;
        BigInteger low = bounds.Minimum is { } minimum ? Ceiling(minimum, decimals, bounds.ExcludesMinimum) : 1 - most;
        BigInteger high = bounds.Maximum is { } maximum ? -Ceiling(-maximum, decimals, bounds.ExcludesMaximum) : most - 1;
        return (low, high);
    }

    private static int Digits(decimal? value) =>
        value is { } number ? decimal.Truncate(Math.Abs(number)).ToString(CultureInfo.InvariantCulture).Length : 0;

    private static BigInteger Ceiling(decimal value, int decimals, bool excludes)
    {
        BigInteger whole = (BigInteger)decimal.Truncate(value) * BigInteger.Pow(10, decimals);
        decimal rest = value - decimal.Truncate(value);
        for (int i = 0; i < decimals; i++)
        {
            rest *= 10;
            whole += (BigInteger)decimal.Truncate(rest) * BigInteger.Pow(10, decimals - 1 - i);
            rest -= decimal.Truncate(rest);
        }

        bool isExact = rest == 0;
        return rest > 0 || (isExact && excludes) ? whole + 1 : whole;
    }

    /// <summary>
    /// Numbers with more decimals than those that decide: each lies between two neighbours that are both in the range, or between an
    /// excluded bound and its neighbour.
    /// </summary>
    private static Expression? Between(NumberBounds bounds, int decimals)
    {
        (BigInteger low, BigInteger high) = Scaled(bounds, decimals);
        (BigInteger lowest, BigInteger highest) = Scaled(bounds with { ExcludesMinimum = false, ExcludesMaximum = false }, decimals);
        return Either(
            OneOf(
                Magnitudes(BigInteger.Max(low, 0), highest - 1, decimals, more: true),
                bounds.ExcludesMinimum && lowest >= 0 && lowest < highest ? Above(lowest, decimals) : null),
            OneOf(
                Magnitudes(BigInteger.Max(-high, 0), -lowest - 1, decimals, more: true),
                bounds.ExcludesMaximum && highest <= 0 && lowest < highest ? Above(-highest, decimals) : null));
    }

    /// <summary>What begins as a bound does and has a digit other than 0 behind it.</summary>
    private static Expression? Above(BigInteger bound, int decimals) => Magnitudes(bound, bound, decimals, more: false) is { } digits
        ? Expression.Sequence(digits, Expression.Choice([
            .. Enumerable.Range(0, MoreDecimals).Select(zeros => Expression.Sequence(
                Expression.Text(new string('0', zeros)),
                Expression.Characters(CharacterSet.Of(new SymbolRange('1', '9'))),
                JsonGrammar.Digits(0, MoreDecimals - 1 - zeros))),
        ]))
        : null;

    private static Expression? OneOf(Expression? one, Expression? other) =>
        one is null ? other : other is null ? one : Expression.Choice(one, other);

    private static Expression? Signed(BigInteger low, BigInteger high, int decimals) => Either(
        Magnitudes(BigInteger.Max(low, 0), high, decimals, more: false),
        Magnitudes(BigInteger.Max(-high, 1), -low, decimals, more: false));

    private static Expression? Either(Expression? positive, Expression? negative)
    {
        Expression? signed = negative is null ? null : Expression.Sequence(Expression.Text("-"), negative);
        return OneOf(positive, signed);
    }

    private static Expression? Magnitudes(BigInteger low, BigInteger high, int decimals, bool more)
    {
        List<Expression> lengths = [];
        for (int digits = decimals + 1; low <= high && (digits == decimals + 1 || BigInteger.Pow(10, digits - 1) <= high); digits++)
        {
            BigInteger from = BigInteger.Max(low, digits == decimals + 1 ? 0 : BigInteger.Pow(10, digits - 1));
            BigInteger to = BigInteger.Min(high, BigInteger.Pow(10, digits) - 1);
            if (from <= to)
            {
                lengths.Add(Fixed(Padded(from, digits), Padded(to, digits), digits - decimals));
            }
        }

        if (lengths.Count == 0)
        {
            return null;
        }

        Expression all = Expression.Choice(lengths);
        return more ? Expression.Sequence(all, JsonGrammar.Digits(1, MoreDecimals)) : all;
    }

    private static string Padded(BigInteger value, int digits) => value.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');

    /// <summary>Texts of equally many digits from one to another, with a point before the digit at <paramref name="point"/>.</summary>
    private static Expression Fixed(string low, string high, int point)
    {
        if (low.Length == 0)
        {
            return Expression.Empty;
        }

        string dot = point == 0 ? "." : "";
        if (low[0] == high[0])
        {
            return Expression.Sequence(Expression.Text(dot + low[0]), Fixed(low[1..], high[1..], point - 1));
        }

        string zeros = new('0', low.Length - 1), nines = new('9', low.Length - 1);
        (char first, char last) = (low[0], high[0]);
        List<Expression> forms = [];
        if (!string.Equals(low[1..], zeros, StringComparison.Ordinal))
        {
            forms.Add(Expression.Sequence(Expression.Text(dot + first++), Fixed(low[1..], nines, point - 1)));
        }

        if (!string.Equals(high[1..], nines, StringComparison.Ordinal))
        {
            forms.Add(Expression.Sequence(Expression.Text(dot + last--), Fixed(zeros, high[1..], point - 1)));
        }

        if (first <= last)
        {
            forms.Add(Expression.Sequence(
                Expression.Text(dot), Expression.Characters(CharacterSet.Of(new SymbolRange(first, last))), Free(low.Length - 1,
                    point - 1)));
        }

        return Expression.Choice(forms);
    }

    private static Expression Free(int digits, int point) => point < 0 || point >= digits
        ? JsonGrammar.Digits(digits, digits)
        : Expression.Sequence(JsonGrammar.Digits(point, point), Expression.Text("."), JsonGrammar.Digits(digits - point, digits - point));
}
