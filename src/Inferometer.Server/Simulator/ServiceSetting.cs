namespace Inferometer.Server.Simulator;

/// <summary>
/// One thing that can be said of a service, as the option of <c>simulate</c> of that name says it; a test holds the two alike.
/// </summary>
/// <param name="Name">Name of the field, the option's without dashes.</param>
/// <param name="Value">What stands for its value, as in the option's help; empty for a yes or no.</param>
/// <param name="Description">One line: what it says.</param>
internal sealed record ServiceSetting(string Name, string Value, string Description)
{
    private const string Several = ",...";

    /// <summary>Least value of a number; the greatest not allowed where <see cref="IsAbove"/>.</summary>
    public double Least { get; init; }

    /// <summary>Most value of a number.</summary>
    public double Most { get; init; } = double.PositiveInfinity;

    /// <summary>Whether <see cref="Least"/> itself is not allowed.</summary>
    public bool IsAbove { get; init; }

    /// <summary>What is taken where nothing is said; null = nothing, or what the description says.</summary>
    public string? Default { get; init; }

    /// <summary>Words that it may be; empty = other texts or numbers.</summary>
    public IReadOnlyList<string> Words => One.Contains('|', StringComparison.Ordinal) && !One.Any(char.IsAsciiLetterUpper)
        ? One.Split('|')
        : [];

    /// <summary>Whether it may be several, in a list or with commas between them.</summary>
    public bool IsList => Value.EndsWith(Several, StringComparison.Ordinal);

    /// <summary>Whether it is a whole number.</summary>
    public bool IsWhole => One is "N";

    /// <summary>Whether it is a number.</summary>
    public bool IsNumber => One is "N" or "X" or "SECONDS" or "GBPS" or "MS" or "US" or "USD" or "SHARE";

    /// <summary>Whether it is a yes or no.</summary>
    public bool IsFlag => Value.Length == 0;

    private string One => IsList ? Value[..^Several.Length] : Value;
}
