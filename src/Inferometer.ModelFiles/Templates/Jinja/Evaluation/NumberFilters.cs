using System.Globalization;
using System.Numerics;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>Filters that make numbers.</summary>
internal static class NumberFilters
{
    private const int MostDecimals = 400;

    public static Dictionary<string, Filter> All { get; } = new(StringComparer.Ordinal)
    {
        ["abs"] = PlainFilter.Of("abs", (_, value) => value switch
        {
            FloatValue number => new FloatValue(Math.Abs(number.Value)),
            _ => new IntegerValue(BigInteger.Abs(Numbers.Whole(value)
                ?? throw new JinjaException($"bad operand type for abs(): '{value.TypeName}'"))),
        }),
        ["int"] = ToInteger,
        ["float"] = ToFloat,
        ["round"] = Round,
        ["sum"] = Sum,
    };

    private static JinjaValue ToInteger(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("int", 0, "default", "base");
        JinjaValue fallback = given[0] ?? new IntegerValue(0);
        switch (value)
        {
            case UndefinedValue undefined:
                throw undefined.Failure();
            case StringValue text:
                int radix = Arguments.Whole("int", given[1], 10);
                return NumberParsing.Whole(text.Text, radix) is { } whole ? Numbers.Of(whole)
                    : NumberParsing.Real(text.Text) is { } real && double.IsFinite(real) ? NumberParsing.Truncate(real)
                    : fallback;
            case FloatValue number:
                return double.IsFinite(number.Value) ? NumberParsing.Truncate(number.Value) : fallback;
            default:
                return Numbers.Whole(value) is { } known ? new IntegerValue(known) : fallback;
        }
    }

    private static JinjaValue ToFloat(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue fallback = arguments.Bind("float", 0, "default")[0] ?? new FloatValue(0);
        return value switch
        {
            UndefinedValue undefined => throw undefined.Failure(),
            StringValue text => NumberParsing.Real(text.Text) is { } real ? new FloatValue(real) : fallback,
            _ => Numbers.IsNumber(value) ? new FloatValue(Numbers.Real(value)) : fallback,
        };
    }

    private static JinjaValue Round(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("round", 0, "precision", "method");
        int precision = Arguments.Whole("round", given[0], 0);
        string method = Arguments.TextOrNone("round", given[1]) ?? "common";
        if (!Numbers.IsNumber(value) || method is not ("common" or "ceil" or "floor") || Math.Abs(precision) > MostDecimals)
        {
            throw value is UndefinedValue undefined ? undefined.Failure() : new JinjaException(Numbers.IsNumber(value)
                ? "the method of round must be common, ceil or floor, and its precision no more than 400"
                : $"type {value.TypeName} doesn't define __round__ method");
        }

        if (!string.Equals(method, "common", StringComparison.Ordinal))
        {
            // The reference multiplies, takes the floor of the product, and divides: whole numbers throughout stay whole only before the
            // division.
            double scale = Math.Pow(10, precision), scaled = Numbers.Real(value) * scale;
            return new FloatValue((method is "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / scale);
        }

        if (Numbers.Whole(value) is { } whole)
        {
            return new IntegerValue(precision >= 0 ? whole : RoundWhole(whole, BigInteger.Pow(10, -precision)));
        }

        double number = ((FloatValue)value).Value;
        if (!double.IsFinite(number))
        {
            return value;
        }

        return new FloatValue(precision >= 0
            ? double.Parse(FixedPoint.Text(number, precision), NumberStyles.Float, CultureInfo.InvariantCulture)
            : Math.Round(number / Math.Pow(10, -precision), MidpointRounding.ToEven) * Math.Pow(10, -precision));
    }

    private static BigInteger RoundWhole(BigInteger value, BigInteger unit)
    {
        var quotient = BigInteger.DivRem(BigInteger.Abs(value), unit, out BigInteger rest);
        int half = (rest * 2).CompareTo(unit);
        quotient += half > 0 || (half == 0 && !quotient.IsEven) ? 1 : 0;
        return quotient * unit * value.Sign;
    }

    private static JinjaValue Sum(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("sum", 0, "attribute", "start");
        var path = AttributePath.Parse(given[0]);
        JinjaValue total = given[1] ?? new IntegerValue(0);
        foreach (JinjaValue item in Iteration.Over(value))
        {
            interpreter.Budget.Step();
            total = Operators.Binary("+", total, path.Get(item, interpreter.Budget), interpreter.Budget);
        }

        return total;
    }
}
