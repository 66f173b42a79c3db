using System.CommandLine;
using System.Globalization;

namespace Inferometer.Cli.Settings;

/// <summary>An option with one value.</summary>
/// <typeparam name="T">The value.</typeparam>
internal sealed class ValueOption<T> : Option<T>, IDeclared
{
    private readonly T _fallback = default!;

    /// <summary>Declares the option.</summary>
    /// <param name="names">Name, then aliases.</param>
    /// <param name="domain">What the value may be.</param>
    /// <param name="meaning">What it is for.</param>
    /// <param name="fallback">What holds where it is not given, in words.</param>
    public ValueOption(string[] names, Domain<T> domain, string meaning, string? fallback = null)
        : base(names[0], names[1..])
    {
        (Meaning, Range, Default) = (meaning, domain.Range, fallback);
        HelpName = domain.Help;
        Description = ((IDeclared)this).Describe();
        CustomParser = result =>
        {
            _ = domain.TryParse(result, result.Tokens[0].Value, Name, out T value);
            return value;
        };
    }

    /// <inheritdoc/>
    public string Meaning { get; }

    /// <inheritdoc/>
    public string? Range { get; }

    /// <inheritdoc/>
    public string? Default { get; private init; }

    /// <summary>The value where the option is not given; it is also what the help says, where that was not told in other words.</summary>
    public T Fallback
    {
        get => _fallback;
        init
        {
            _fallback = value;
            Default ??= string.Create(CultureInfo.InvariantCulture, $"{value}").ToLowerInvariant();
            Description = ((IDeclared)this).Describe();
        }
    }

    /// <summary>The value given, or the fallback.</summary>
    public T Of(ParseResult parsed) => parsed.IsGiven(this) ? parsed.GetValue(this)! : _fallback;
}
