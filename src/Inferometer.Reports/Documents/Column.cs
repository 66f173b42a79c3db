namespace Inferometer.Reports.Documents;

/// <summary>One column: the heading people read and the key machines read, each with its unit.</summary>
/// <param name="Heading">Heading in tables.</param>
/// <param name="Key">Name in CSV and JSON, snake case.</param>
public sealed record Column(string Heading, string Key)
{
    /// <summary>Numbers stand on the right, texts on the left.</summary>
    public bool IsText { get; init; }

    /// <summary>Says which row it is: repeated in every part of a table that is folded because it is wider than the terminal.</summary>
    public bool IsRowName { get; init; }

    /// <summary>Holds names that are searched for: none is parted at a slash or a hyphen.</summary>
    public bool IsWhole { get; init; }

    /// <summary>A short text that programs read by lines: at a row's end it is folded on pages of a width alone.</summary>
    public bool IsOneLine { get; init; }

    /// <summary>A page goes without it before its table is folded.</summary>
    public bool IsMinor { get; init; }

    /// <summary>Who gets to see it.</summary>
    public Audience Audience { get; init; }

    /// <summary>Most characters a bar in this column takes.</summary>
    public int BarWidth { get; init; } = 24;

    /// <summary>True for a column of bars, which is the first thing a narrow page goes without.</summary>
    public bool IsBars => Key.Length == 0;

    /// <summary>A column of numbers.</summary>
    public static Column Number(string heading, string key) => new(heading, key);

    /// <summary>A column of texts.</summary>
    public static Column Text(string heading, string key) => new(heading, key) { IsText = true };

    /// <summary>A column of bars.</summary>
    public static Column Bars(string heading = "") => new(heading, "") { IsText = true, Audience = Audience.People };
}
