using System.Globalization;
using System.Numerics;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>Python's numbers: booleans, whole numbers and floating-point numbers mix.</summary>
internal static class Numbers
{
    /// <summary>Python refuses to print longer ones too (4,300 digits).</summary>
    private const int LargestBits = 14_000;

    public static bool IsNumber(JinjaValue value) => value is IntegerValue or FloatValue or BooleanValue;

    /// <summary>The whole number of an int or bool; null for anything else.</summary>
    public static BigInteger? Whole(JinjaValue value) => value switch
    {
        IntegerValue number => number.Value,
        BooleanValue flag => flag.Value ? BigInteger.One : BigInteger.Zero,
        _ => null,
    };

    public static double Real(JinjaValue value) => value is FloatValue number ? number.Value : (double)Whole(value)!.Value;

    public static JinjaValue Of(BigInteger value) => value.GetBitLength() > LargestBits
        ? throw new JinjaException("a whole number of more than 4,300 digits.")
        : new IntegerValue(value);

    public static int Hash(JinjaValue value)
    {
        double real = Real(value);
        return double.IsInteger(real) ? new BigInteger(real).GetHashCode() : real.GetHashCode();
    }

    /// <summary>Negative, zero or positive; null where one is not a number in the order.</summary>
    public static int? Compare(JinjaValue left, JinjaValue right)
    {
        if (Whole(left) is { } a && Whole(right) is { } b)
        {
            return a.CompareTo(b);
        }

        double x = Real(left), y = Real(right);
        if (double.IsNaN(x) || double.IsNaN(y))
        {
            return null;
        }

        // A double that is whole is compared exactly, as Python does: 2**53 + 1 differs from 2.0**53.
        bool exact = (left is FloatValue || right is FloatValue) && double.IsInteger(x) && double.IsInteger(y);
        return exact ? (Whole(left) ?? new BigInteger(x)).CompareTo(Whole(right) ?? new BigInteger(y)) : x.CompareTo(y);
    }

    public static JinjaValue Arithmetic(string op, JinjaValue left, JinjaValue right)
    {
        if (Whole(left) is { } a && Whole(right) is { } b)
        {
            return Whole(op, a, b);
        }

        double x = Real(left), y = Real(right);
        return op switch
        {
            "+" => new FloatValue(x + y),
            "-" => new FloatValue(x - y),
            "*" => new FloatValue(x * y),
            "/" => new FloatValue(x / NotZero(y, "float division by zero")),
            "//" => new FloatValue(Math.Floor(x / NotZero(y, "float floor division by zero"))),
            "%" => new FloatValue(Modulo(x, NotZero(y, "float modulo by zero"))),
            _ => Power(x, y),
        };
    }

    private static JinjaValue Whole(string op, BigInteger a, BigInteger b)
    {
        switch (op)
        {
            case "+":
                return Of(a + b);
            case "-":
                return Of(a - b);
            case "*":
                return Of(a * b);
            case "/":
                return b.IsZero ? throw new JinjaException("division by zero") : new FloatValue((double)a / (double)b);
            case "//" or "%":
                if (b.IsZero)
                {
                    throw new JinjaException("integer division or modulo by zero");
                }

                var quotient = BigInteger.DivRem(a, b, out BigInteger remainder);
                bool adjust = !remainder.IsZero && remainder.Sign != b.Sign;
                return string.Equals(op, "%", StringComparison.Ordinal) ? Of(adjust ? remainder + b : remainder)
                    : Of(adjust ? quotient - 1 : quotient);
            default:
                if (b.Sign < 0)
                {
                    return Power((double)a, (double)b);
                }

                // The result has about as many bits as base and exponent multiplied.
                return BigInteger.Abs(a) <= BigInteger.One || a.GetBitLength() * b <= LargestBits * 2
                    ? Of(BigInteger.Abs(a) <= BigInteger.One ? SmallPower(a, b) : BigInteger.Pow(a, (int)b))
                    : throw new JinjaException("a whole number of more than 4,300 digits.");
        }
    }

    private static BigInteger SmallPower(BigInteger a, BigInteger b) =>
        b.IsZero ? BigInteger.One : a.Sign < 0 && b.IsEven ? BigInteger.One : a;

    private static FloatValue Power(double x, double y)
    {
        if (x == 0 && y < 0)
        {
            throw new JinjaException("0.0 cannot be raised to a negative power");
        }

        double power = Math.Pow(x, y);
        return double.IsNaN(power) && !double.IsNaN(x) && !double.IsNaN(y)
            ? throw new JinjaException("a complex number, which templates cannot hold.")
            : double.IsInfinity(power) && double.IsFinite(x) && double.IsFinite(y)
                ? throw new JinjaException("the result is too large for a floating-point number.")
                : new FloatValue(power);
    }

    private static double NotZero(double value, string message) => value == 0 ? throw new JinjaException(message) : value;

    private static double Modulo(double x, double y)
    {
        double rest = x % y;
        return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
    }

    /// <summary>A double as Python writes it: the shortest digits that read back, with a point or an exponent.</summary>
    public static string Text(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        (string mantissa, int exponent) = Digits(value.ToString("R", CultureInfo.InvariantCulture));
        string sign = double.IsNegative(value) ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            string fraction = mantissa.Length > 1 ? "." + mantissa[1..] : "";
            return string.Create(CultureInfo.InvariantCulture,
                $"{sign}{mantissa[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }

        if (exponent < 0)
        {
            return sign + "0." + new string('0', -exponent - 1) + mantissa;
        }

        return mantissa.Length <= exponent + 1
            ? sign + mantissa.PadRight(exponent + 1, '0') + ".0"
            : sign + mantissa[..(exponent + 1)] + "." + mantissa[(exponent + 1)..];
    }

    /// <summary>The significant digits of a number written by .NET, and the power of ten of the first.</summary>
    private static (string Digits, int Exponent) Digits(string written)
    {
        written = written.TrimStart('-');
        int e = written.IndexOf('E', StringComparison.Ordinal);
        int exponent = e < 0 ? 0 : int.Parse(written.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string number = e < 0 ? written : written[..e];
        int point = number.IndexOf('.', StringComparison.Ordinal);
        exponent += (point < 0 ? number.Length : point) - 1;
        string digits = point < 0 ? number : number.Remove(point, 1);
        string significant = digits.TrimStart('0');
        exponent -= significant.Length == 0 ? exponent : digits.Length - significant.Length;
        significant = significant.TrimEnd('0');
        return (significant.Length == 0 ? "0" : significant, exponent);
    }
}
