using System.CommandLine;

namespace Inferometer.Cli.Settings;

/// <summary>An option that names a file or folder; <see cref="PathCheck"/> looks at it before the command runs.</summary>
internal sealed class PathOption : Option<string?>, IDeclared, IPathInput
{
    /// <summary>Declares the option.</summary>
    /// <param name="names">Name, then aliases.</param>
    /// <param name="use">What it names.</param>
    /// <param name="meaning">What it is for.</param>
    /// <param name="fallback">What holds where it is not given, in words.</param>
    /// <param name="value">What holds where it is not given.</param>
    public PathOption(string[] names, PathUse use, string meaning, string? fallback = null, string? value = null)
        : base(names[0], names[1..])
    {
        (Use, Meaning, Default, Value) = (use, meaning, fallback ?? value, value);
        HelpName = use switch
        {
            PathUse.ReadFolder or PathUse.WriteFolder => "FOLDER",
            PathUse.Model => "MODEL",
            PathUse.Name => "NAME",
            _ => "FILE",
        };
        Arity = ArgumentArity.ExactlyOne;
        Description = ((IDeclared)this).Describe();
    }

    /// <inheritdoc/>
    public string Label => Name;

    /// <inheritdoc/>
    public PathUse Use { get; }

    /// <inheritdoc/>
    public string Meaning { get; }

    /// <inheritdoc/>
    public string? Range => null;

    /// <inheritdoc/>
    public string? Default { get; }

    private string? Value { get; }

    /// <inheritdoc/>
    public string? Of(ParseResult parsed) => parsed.IsGiven(this) ? parsed.GetValue(this) : Value;
}
