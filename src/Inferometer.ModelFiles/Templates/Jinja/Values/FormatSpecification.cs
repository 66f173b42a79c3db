using System.Globalization;
using System.Numerics;
using System.Text;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>The part of a replacement field that says how: <c>[[fill]align][sign][#][0][width][,][.precision][type]</c>.</summary>
internal sealed record FormatSpecification
{
    /// <summary>Beyond this no number has digits that mean anything, and text none that are read.</summary>
    private const int LargestSize = 100_000;

    public string Fill { get; init; } = " ";

    public char Align { get; init; }

    public char Sign { get; init; } = '-';

    public bool IsAlternate { get; init; }

    public int Width { get; init; }

    public char Grouping { get; init; }

    public int Precision { get; init; } = -1;

    public char Type { get; init; }

    public static FormatSpecification Parse(string text)
    {
        string[] points = [.. CodePoints.Each(text)];
        int at = 0;
        string Peek(int ahead = 0) => at + ahead < points.Length ? points[at + ahead] : "";
        var result = new FormatSpecification();
        if (Peek(1) is "<" or ">" or "^" or "=")
        {
            result = result with { Fill = Peek(), Align = Peek(1)[0] };
            at += 2;
        }
        else if (Peek() is "<" or ">" or "^" or "=")
        {
            result = result with { Align = points[at++][0] };
        }

        result = Peek() is "+" or "-" or " " ? result with { Sign = points[at++][0] } : result;
        if (string.Equals(Peek(), "#", StringComparison.Ordinal))
        {
            result = result with { IsAlternate = true };
            at++;
        }

        if (string.Equals(Peek(), "0", StringComparison.Ordinal))
        {
            result = result with { Fill = result.Align == 0 ? "0" : result.Fill, Align = result.Align == 0 ? '=' : result.Align };
            at++;
        }

        result = result with { Width = Digits() };
        result = Peek() is "," or "_" ? result with { Grouping = points[at++][0] } : result;
        if (string.Equals(Peek(), ".", StringComparison.Ordinal))
        {
            at++;
            result = result with
            {
                Precision = Peek() is [>= '0' and <= '9'] ? Digits()
                : throw new JinjaException("Format specifier missing precision")
            };
        }

        if (at < points.Length)
        {
            result = result with { Type = points[at++][0] };
        }

        return at == points.Length ? result : throw new JinjaException($"Invalid format specifier '{text}'");

        int Digits()
        {
            int number = 0;
            for (; Peek() is [>= '0' and <= '9']; at++)
            {
                number = (number * 10) + (points[at][0] - '0');
                number = number <= LargestSize ? number : throw new JinjaException("a format asks for more than 100,000 characters.");
            }

            return number;
        }
    }

    /// <summary>Text in this form.</summary>
    public string Apply(string text, Budget budget)
    {
        if (Type is not ('\0' or 's') || Align == '=')
        {
            throw new JinjaException($"Unknown format code '{(Type == 0 ? '=' : Type)}' for object of type 'str'");
        }

        int count = CodePoints.Count(text);
        text = Precision >= 0 && count > Precision ? CodePoints.Slice(text, 0, 1, Precision) : text;
        return Aligned("", text, Align == 0 ? '<' : Align, budget);
    }

    /// <summary>A number in this form.</summary>
    public string Apply(JinjaValue number, Budget budget)
    {
        bool isReal = number is FloatValue || Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%';
        BigInteger whole = Numbers.Whole(number) ?? BigInteger.Zero;
        bool isNegative = isReal ? double.IsNegative(Numbers.Real(number)) : whole.Sign < 0;
        string digits = isReal ? Real(Math.Abs(Numbers.Real(number))) : Whole(BigInteger.Abs(whole));
        string prefix = isNegative ? "-" : Sign is '+' or ' ' ? Sign.ToString() : "";
        prefix += IsAlternate && Type is 'x' or 'X' or 'o' or 'b' ? "0" + Type : "";
        digits = Grouping == 0 ? digits : Grouped(digits);
        return Aligned(prefix, digits, Align == 0 ? '>' : Align, budget);
    }

    private string Whole(BigInteger value)
    {
        if (Precision >= 0)
        {
            throw new JinjaException("Precision not allowed in integer format specifier");
        }

        return Type switch
        {
            '\0' or 'd' or 'n' => value.ToString(CultureInfo.InvariantCulture),
            'x' => Trimmed(value.ToString("x", CultureInfo.InvariantCulture)),
            'X' => Trimmed(value.ToString("X", CultureInfo.InvariantCulture)),
            'b' => Trimmed(value.ToString("b", CultureInfo.InvariantCulture)),
            'o' => Octal(value),
            'c' => value <= 0x10ffff && !(value >= 0xd800 && value < 0xe000) ? char.ConvertFromUtf32((int)value)
                : throw new JinjaException("%c arg not in range(0x110000)"),
            _ => throw new JinjaException($"Unknown format code '{Type}' for object of type 'int'"),
        };

        static string Trimmed(string digits) => digits.TrimStart('0') is { Length: > 0 } rest ? rest : "0";
    }

    private static string Octal(BigInteger value)
    {
        var output = new StringBuilder();
        do
        {
            output.Insert(0, (char)('0' + (int)(value % 8)));
            value /= 8;
        }
        while (!value.IsZero);
        return output.ToString();
    }

    private string Real(double value)
    {
        if (!double.IsFinite(value))
        {
            string name = double.IsNaN(value) ? "nan" : "inf";
            return (Type is 'F' or 'E' or 'G' ? name.ToUpperInvariant() : name) + (Type == '%' ? "%" : "");
        }

        int precision = Precision < 0 ? 6 : Precision;
        return Type switch
        {
            'f' or 'F' => FixedPoint.Text(value, precision),
            '%' => FixedPoint.Text(value * 100, precision) + "%",
            'e' or 'E' => Scientific(value, precision, Type),
            'g' or 'G' => General(value, precision, keepsPoint: false),
            '\0' when Precision < 0 => Numbers.Text(value),
            '\0' => General(value, precision, keepsPoint: true),
            _ => throw new JinjaException($"Unknown format code '{Type}' for object of type 'float'"),
        };
    }

    private static string Scientific(double value, int precision, char type) =>
        value.ToString((precision == 0 ? "0" : "0." + new string('0', precision)) + type + "+00", CultureInfo.InvariantCulture);

    private string General(double value, int precision, bool keepsPoint)
    {
        precision = Math.Max(1, precision);
        string written = Scientific(value, precision - 1, 'e');
        int exponent = int.Parse(written.AsSpan(written.IndexOf('e', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture);
        string text;
        if (exponent < -4 || exponent >= precision)
        {
            string[] parts = written.Split('e');
            string mantissa = parts[0].Contains('.', StringComparison.Ordinal) ? parts[0].TrimEnd('0').TrimEnd('.') : parts[0];
            text = mantissa + "e" + parts[1];
        }
        else
        {
            text = FixedPoint.Text(value, precision - 1 - exponent);
            text = text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
            text += keepsPoint && !text.Contains('.', StringComparison.Ordinal) ? ".0" : "";
        }

        return Type == 'G' ? text.ToUpperInvariant() : text;
    }

    private string Grouped(string digits)
    {
        int end = digits.AsSpan().IndexOfAnyExceptInRange('0', '9');
        var output = new StringBuilder(digits);
        for (int at = (end < 0 ? digits.Length : end) - 3; at > 0; at -= 3)
        {
            output.Insert(at, Grouping);
        }

        return output.ToString();
    }

    private string Aligned(string prefix, string digits, char align, Budget budget)
    {
        budget.Take((long)Width * Fill.Length);
        int missing = Width - prefix.Length - CodePoints.Count(digits);
        if (missing <= 0)
        {
            return prefix + digits;
        }

        int before = align switch { '<' => 0, '^' => missing / 2, _ => missing };
        string left = string.Concat(Enumerable.Repeat(Fill, before)), right = string.Concat(Enumerable.Repeat(Fill, missing - before));
        return align == '=' ? prefix + left + digits : left + prefix + digits + right;
    }
}
