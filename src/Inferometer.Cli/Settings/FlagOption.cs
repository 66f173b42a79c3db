using System.CommandLine;

namespace Inferometer.Cli.Settings;

/// <summary>An option without a value.</summary>
internal sealed class FlagOption : Option<bool>, IDeclared
{
    /// <summary>Declares the option.</summary>
    /// <param name="names">Name, then aliases.</param>
    /// <param name="meaning">What it is for.</param>
    public FlagOption(string[] names, string meaning)
        : base(names[0], names[1..])
    {
        (Meaning, Description, Arity) = (meaning, meaning, ArgumentArity.Zero);
    }

    /// <inheritdoc/>
    public string Meaning { get; }

    /// <inheritdoc/>
    public string? Range => null;

    /// <inheritdoc/>
    public string? Default => null;

    /// <summary>Whether it was given.</summary>
    public bool Of(ParseResult parsed) => parsed.IsGiven(this);
}
