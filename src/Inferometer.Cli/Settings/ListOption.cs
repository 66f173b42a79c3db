using System.CommandLine;
using System.Globalization;

namespace Inferometer.Cli.Settings;

/// <summary>An option with one value or several, separated by commas.</summary>
/// <typeparam name="T">One value.</typeparam>
internal sealed class ListOption<T> : Option<T[]>, IDeclared
{
    private readonly T[] _fallback;

    /// <summary>Declares the option.</summary>
    /// <param name="names">Name, then aliases.</param>
    /// <param name="domain">What each value may be.</param>
    /// <param name="meaning">What it is for.</param>
    /// <param name="fallback">What holds where it is not given; empty = nothing does.</param>
    /// <param name="shown">The same in words; null = as it is written.</param>
    public ListOption(string[] names, Domain<T> domain, string meaning, T[] fallback, string? shown = null)
        : base(names[0], names[1..])
    {
        _fallback = fallback;
        (Meaning, Range) = (meaning, domain.Range);
        string written = string.Join(',', fallback.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f}")));
        Default = shown ?? (written.Length > 0 ? written : null);
        HelpName = $"{domain.Help},...";
        Arity = ArgumentArity.ExactlyOne;
        Description = ((IDeclared)this).Describe();
        CustomParser = result =>
        {
            List<T> values = [];
            foreach (string part in result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries))
            {
                if (!domain.TryParse(result, part, Name, out T value))
                {
                    break;
                }

                values.Add(value);
            }

            return [.. values];
        };
    }

    /// <inheritdoc/>
    public string Meaning { get; }

    /// <inheritdoc/>
    public string? Range { get; }

    /// <inheritdoc/>
    public string? Default { get; }

    /// <summary>The values given, or the fallback.</summary>
    public T[] Of(ParseResult parsed) => parsed.IsGiven(this) ? parsed.GetValue(this)! : _fallback;
}
