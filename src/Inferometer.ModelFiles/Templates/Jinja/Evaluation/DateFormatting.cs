using System.Globalization;
using System.Text;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>Dates as C's <c>strftime</c> writes them in the C locale.</summary>
internal static class DateFormatting
{
    public static string Format(DateTimeOffset time, string format, Budget budget)
    {
        var output = new StringBuilder();
        for (int at = 0; at < format.Length; at++)
        {
            if (format[at] != '%' || at + 1 == format.Length)
            {
                output.Append(format[at]);
                continue;
            }

            char flag = format[at + 1] is '-' or '_' or '0' && at + 2 < format.Length ? format[++at] : '\0';
            string part = Part(time, format[++at]);
            budget.Take(part.Length);
            output.Append(flag switch
            {
                '-' => part.TrimStart('0', ' ') is { Length: > 0 } trimmed ? trimmed : "0",
                '_' when part.StartsWith('0') => part.TrimStart('0').PadLeft(part.Length),
                _ => part,
            });
        }

        return output.ToString();
    }

    private static string Part(DateTimeOffset time, char code)
    {
        string In(string format) => time.ToString(format, CultureInfo.InvariantCulture);
        string Number(int number, int digits) =>
            number.ToString("D" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        int hour12 = ((time.Hour + 11) % 12) + 1;
        int week = (int)time.DayOfWeek;
        return code switch
        {
            'd' => In("dd"),
            'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'm' => In("MM"),
            'b' or 'h' => In("MMM"),
            'B' => In("MMMM"),
            'a' => In("ddd"),
            'A' => In("dddd"),
            'y' => In("yy"),
            'Y' => time.Year.ToString(CultureInfo.InvariantCulture),
            'C' => Number(time.Year / 100, 2),
            'H' => In("HH"),
            'I' => Number(hour12, 2),
            'k' => time.Hour.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'l' => hour12.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'M' => In("mm"),
            'S' => In("ss"),
            'f' => In("ffffff"),
            'p' => time.Hour < 12 ? "AM" : "PM",
            'P' => time.Hour < 12 ? "am" : "pm",
            'j' => Number(time.DayOfYear, 3),
            'u' => (week == 0 ? 7 : week).ToString(CultureInfo.InvariantCulture),
            'w' => week.ToString(CultureInfo.InvariantCulture),
            'U' => Number((time.DayOfYear + 6 - week) / 7, 2),
            'W' => Number((time.DayOfYear + 6 - ((week + 6) % 7)) / 7, 2),
            'V' => Number(ISOWeek.GetWeekOfYear(time.DateTime), 2),
            'G' => ISOWeek.GetYear(time.DateTime).ToString(CultureInfo.InvariantCulture),
            'D' or 'x' => In("MM'/'dd'/'yy"),
            'F' => In("yyyy'-'MM'-'dd"),
            'T' or 'X' => In("HH':'mm':'ss"),
            'R' => In("HH':'mm"),
            'r' => Number(hour12, 2) + In("':'mm':'ss") + (time.Hour < 12 ? " AM" : " PM"),
            'c' => In("ddd MMM ") + time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2) + In(" HH':'mm':'ss yyyy"),
            's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            'z' or 'Z' => "", // the reference asks a clock without a time zone
            'n' => "\n",
            't' => "\t",
            '%' => "%",
            _ => "%" + code,
        };
    }
}
