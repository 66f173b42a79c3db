using System.Globalization;

namespace Inferometer.Reports.Documents;

/// <summary>Numbers as people read them: three significant digits, thousands grouped, units with a space.</summary>
public static class Numbers
{
    /// <summary>A whole number with its thousands grouped.</summary>
    public static string Whole(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>About three significant digits, without an exponent where that is short: 0.0123, 1.23, 123, 12,346.</summary>
    public static string Short(double value)
    {
        if (!double.IsFinite(value))
        {
            return "-";
        }

        string format = Math.Abs(value) switch
        {
            0 => "0",
            >= 1e15 => "0.00e+0",
            >= 99.95 => "#,0",
            >= 9.995 => "0.0",
            >= 0.9995 => "0.00",
            >= 0.09995 => "0.000",
            >= 0.009995 => "0.0000",
            >= 0.0009995 => "0.00000",
            _ => "0.00e+0",
        };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>How many there is room for: never more than there is, so digits are cut off instead of rounded.</summary>
    public static string Room(double value)
    {
        double steps = value >= 100 ? 1 : value >= 10 ? 10 : 100;
        return Short(Math.Floor(value * steps) / steps);
    }

    /// <summary>Decimals that give the largest number of a column three digits, so that all of it can be aligned on the point.</summary>
    public static int DecimalsFor(double largest) => Math.Abs(largest) switch
    {
        >= 99.95 => 0,
        >= 9.995 => 1,
        >= 0.9995 => 2,
        >= 0.09995 => 3,
        _ => 4,
    };

    /// <summary>A number with a fixed count of decimals.</summary>
    public static string Fixed(double value, int decimals) =>
        value.ToString(decimals == 0 ? "#,0" : "#,0." + new string('0', decimals), CultureInfo.InvariantCulture);

    /// <summary>A share from 0 to 1 as a percentage, with a decimal below 10 %.</summary>
    public static string Percent(double fraction)
    {
        double percent = fraction * 100;
        return percent.ToString(Math.Abs(percent) is < 9.95 and > 0 ? "0.0" : "0", CultureInfo.InvariantCulture) + " %";
    }

    /// <summary>Bytes in decimal units, as datasheets and checkpoints count them.</summary>
    public static string Bytes(double bytes) => Scale(bytes, 1000, ["B", "kB", "MB", "GB", "TB", "PB"]);

    /// <summary>Tokens as model cards write them: 897, 41.4k, 1.69M.</summary>
    public static string Tokens(double count) => Scale(count, 1000, ["", "k", "M", "G"]).Replace(" ", "", StringComparison.Ordinal);

    /// <summary>A count in thousands, millions or billions: 8.03 B.</summary>
    public static string Count(double count) => Scale(count, 1000, ["", "K", "M", "B", "T"]).TrimEnd();

    /// <summary>A count in SI steps with a unit: 16.1 TFLOP.</summary>
    public static string Si(double amount, string unit) => Scale(amount, 1000, ["", "k", "M", "G", "T", "P", "E"]) + unit;

    /// <summary>A duration given in milliseconds, in the unit that fits.</summary>
    public static string Milliseconds(double ms) => ms switch
    {
        >= 9_999.5 => Short(ms / 1000) + " s",
        < 0.09995 and > 0 => Short(ms * 1000) + " us",
        _ => Short(ms) + " ms",
    };

    /// <summary>US dollars, to the cent and finer below ten cents.</summary>
    public static string Dollars(double value) =>
        "$" + value.ToString(Math.Abs(value) < 0.0995 ? "0.0000" : "#,0.00", CultureInfo.InvariantCulture);

    private static string Scale(double value, double step, ReadOnlySpan<string> units)
    {
        int unit = 0;
        while (Math.Abs(value) >= step * 0.99995 && unit < units.Length - 1)
        {
            value /= step;
            unit++;
        }

        string number = unit == 0 ? value.ToString("#,0.##", CultureInfo.InvariantCulture) : Short(value);
        return $"{number} {units[unit]}";
    }
}
