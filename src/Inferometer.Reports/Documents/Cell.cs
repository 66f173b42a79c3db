namespace Inferometer.Reports.Documents;

/// <summary>One value: the text people read and the exact value machines read.</summary>
/// <param name="Text">Shown in tables.</param>
/// <param name="Value">
/// Written to CSV and JSON: text, number, truth value, a list of texts or of numbers, or null when nothing is known.
/// </param>
public readonly record struct Cell(string Text, object? Value)
{
    /// <summary>How the text is meant.</summary>
    public Tone Tone { get; init; }

    /// <summary>Length of a bar drawn instead of the text, 0 to 1.</summary>
    public double? Bar { get; init; }

    /// <summary>Nothing known.</summary>
    public static Cell None { get; } = new("-", null);

    /// <summary>A text.</summary>
    public static implicit operator Cell(string text) => new(text, text);

    /// <summary>A whole number, shown with its thousands grouped.</summary>
    public static implicit operator Cell(int value) => new(Numbers.Whole(value), value);

    /// <summary>A whole number, shown with its thousands grouped.</summary>
    public static implicit operator Cell(long value) => new(Numbers.Whole(value), value);

    /// <summary>A truth value, shown as yes or no.</summary>
    public static implicit operator Cell(bool value) => new(value ? "yes" : "no", value);

    /// <summary>A number shown with about three significant digits; machines get all of it.</summary>
    public static Cell Number(double? value) => value is { } v && double.IsFinite(v) ? new(Numbers.Short(v), v) : None;

    /// <summary>A number shown as <paramref name="text"/>; machines get the value.</summary>
    public static Cell Number(double value, string text) => new(text, value);

    /// <summary>A share from 0 to 1, shown as a percentage.</summary>
    public static Cell Share(double fraction) => new(Numbers.Percent(fraction), fraction);

    /// <summary>A bar of <paramref name="fraction"/> of the column's width.</summary>
    public static Cell BarOf(double fraction, Tone tone = Tone.Accent) =>
        new("", null) { Bar = Math.Clamp(fraction, 0, 1), Tone = tone };

    /// <summary>Several names, shown with commas.</summary>
    public static Cell List(IReadOnlyList<string> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return new(items.Count == 0 ? "-" : string.Join(", ", items), items);
    }

    /// <summary>Several numbers, shown with commas; machines get all of them.</summary>
    public static Cell List(IReadOnlyList<double> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return new(items.Count == 0 ? "-" : string.Join(", ", items.Select(i => Numbers.Short(i))), items);
    }
}
