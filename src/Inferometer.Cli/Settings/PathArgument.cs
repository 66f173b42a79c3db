using System.CommandLine;

namespace Inferometer.Cli.Settings;

/// <summary>An argument that names a file, a folder, or something of the catalog.</summary>
internal sealed class PathArgument : Argument<string?>, IPathInput
{
    private readonly string? _value;

    /// <summary>Declares the argument.</summary>
    /// <param name="name">Name in the help and in messages.</param>
    /// <param name="use">What it names.</param>
    /// <param name="meaning">What it is for.</param>
    /// <param name="isOptional">Whether it may be left out.</param>
    /// <param name="value">What holds then.</param>
    public PathArgument(string name, PathUse use, string meaning, bool isOptional, string? value = null)
        : base(name)
    {
        (Use, _value) = (use, value);
        Description = value is null ? meaning : $"{meaning} [default: {value}]";
        Arity = isOptional ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne;
    }

    /// <inheritdoc/>
    public string Label => Name;

    /// <inheritdoc/>
    public PathUse Use { get; }

    /// <inheritdoc/>
    public string? Of(ParseResult parsed) => parsed.GetResult(this) is { Tokens.Count: > 0 } ? parsed.GetValue(this) : _value;
}
