using System.CommandLine;

namespace Inferometer.Cli.Settings;

/// <summary>An argument of one or more texts.</summary>
internal sealed class TextsArgument : Argument<string[]>
{
    /// <summary>Declares the argument.</summary>
    /// <param name="name">Placeholder in the help.</param>
    /// <param name="meaning">What it is for.</param>
    public TextsArgument(string name, string meaning)
        : base(name)
    {
        Description = meaning;
        Arity = ArgumentArity.OneOrMore;
    }

    /// <summary>The texts.</summary>
    public string[] Of(ParseResult parsed) => parsed.GetValue(this) ?? [];
}
