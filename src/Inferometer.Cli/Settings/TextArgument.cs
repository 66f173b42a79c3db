using System.CommandLine;

namespace Inferometer.Cli.Settings;

/// <summary>An argument that is free text and may be left out.</summary>
internal sealed class TextArgument : Argument<string?>
{
    /// <summary>Declares the argument.</summary>
    /// <param name="name">Name in the help and in messages.</param>
    /// <param name="meaning">What it is for.</param>
    public TextArgument(string name, string meaning)
        : base(name)
    {
        Description = meaning;
        Arity = ArgumentArity.ZeroOrOne;
    }

    /// <summary>The text; null where none was given.</summary>
    public string? Of(ParseResult parsed) => parsed.GetResult(this) is { Tokens.Count: > 0 } ? parsed.GetValue(this) : null;
}
