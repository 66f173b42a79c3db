using System.CommandLine;

namespace Inferometer.Cli.Settings;

/// <summary>An option that may be given several times, each time with one value.</summary>
/// <typeparam name="T">One value.</typeparam>
internal sealed class RepeatedOption<T> : Option<T[]>, IDeclared
{
    /// <summary>Declares the option.</summary>
    /// <param name="names">Name, then aliases.</param>
    /// <param name="domain">What each value may be.</param>
    /// <param name="meaning">What it is for.</param>
    public RepeatedOption(string[] names, Domain<T> domain, string meaning)
        : base(names[0], names[1..])
    {
        Meaning = $"{meaning} May be given several times.";
        Range = domain.Range;
        HelpName = domain.Help;
        Arity = ArgumentArity.OneOrMore;
        Description = ((IDeclared)this).Describe();
        CustomParser = result =>
        {
            List<T> values = [];
            foreach (System.CommandLine.Parsing.Token token in result.Tokens)
            {
                if (!domain.TryParse(result, token.Value, Name, out T value))
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
    public string? Default => null;

    /// <summary>The values given, in order; empty where there are none.</summary>
    public T[] Of(ParseResult parsed) => parsed.IsGiven(this) ? parsed.GetValue(this)! : [];
}
