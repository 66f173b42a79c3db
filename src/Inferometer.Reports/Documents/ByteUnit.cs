namespace Inferometer.Reports.Documents;

/// <summary>The decimal unit of a column of bytes.</summary>
/// <param name="Name">Its name, as <c>GB</c>.</param>
/// <param name="Bytes">Bytes in it.</param>
public readonly record struct ByteUnit(string Name, double Bytes)
{
    private static readonly ByteUnit[] Smaller = [new("MB", 1e6), new("kB", 1e3)];
    private static readonly ByteUnit Gigabyte = new("GB", 1e9);

    /// <summary>GB, or where <paramref name="bytes"/> would be below 0.1 of them the largest smaller unit in which it is not.</summary>
    /// <param name="bytes">What should be readable.</param>
    public static ByteUnit For(double bytes)
    {
        if (bytes >= 0.1 * Gigabyte.Bytes || !(bytes > 0))
        {
            return Gigabyte;
        }

        ByteUnit unit = Array.Find(Smaller, u => bytes >= 0.1 * u.Bytes);
        return unit.Name is null ? Smaller[^1] : unit;
    }

    /// <summary>Bytes in this unit; machines get the bytes.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="decimals">Digits behind the point.</param>
    public Cell Of(double bytes, int decimals = 2) => Cell.Number(bytes, Numbers.Fixed(bytes / Bytes, decimals));
}
