using System.Globalization;
using System.Text;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Syntax;

/// <summary>Python's escapes in text literals; an unknown one stands for itself, backslash included.</summary>
internal static class TextEscapes
{
    /// <summary>Reads the escape at a backslash and returns where it ends.</summary>
    public static int Read(string source, int at, StringBuilder text)
    {
        char c = source[at + 1];
        switch (c)
        {
            case 'x' or 'u' or 'U':
                int digits = c switch { 'x' => 2, 'u' => 4, _ => 8 };
                if (at + 2 + digits > source.Length
                    || !int.TryParse(source.AsSpan(at + 2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                        out int point)
                    || point is < 0 or > 0x10ffff)
                {
                    throw new JinjaException(
                        $"the escape '\\{c}' needs {digits.ToString(CultureInfo.InvariantCulture)} hexadecimal digits of a character")
                    { Offset = at };
                }

                text.Append(point is >= 0xd800 and <= 0xdfff ? ((char)point).ToString() : char.ConvertFromUtf32(point));
                return at + 2 + digits;
            case >= '0' and <= '7':
                int end = at + 1, value = 0;
                while (end < source.Length && end < at + 4 && source[end] is >= '0' and <= '7')
                {
                    value = (value * 8) + (source[end++] - '0');
                }

                text.Append((char)value);
                return end;
            case 'N':
                throw new JinjaException("the escape '\\N' (a character by its name) is not supported") { Offset = at };
            case '\n':
                return at + 2;
            default:
                int known = "\\'\"abfnrtv".IndexOf(c, StringComparison.Ordinal);
                text.Append(known < 0 ? "\\" + c : "\\'\"\a\b\f\n\r\t\v"[known].ToString());
                return at + 2;
        }
    }
}
