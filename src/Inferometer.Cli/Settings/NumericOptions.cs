using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Inferometer.Cli.Settings;

/// <summary>
/// Binds every numeric option of the command tree in one way: digits, a sign where the type has one, a decimal point and an exponent for fractions; the same
/// in every culture. The library's own conversion drops commas, so that 0,8 would be 8, and names .NET types in its errors.
/// </summary>
internal static class NumericOptions
{
    /// <summary>Binds the options of a command and of those below it.</summary>
    public static void BindAll(Command command)
    {
        foreach (Option option in command.Options)
        {
            Bind(option);
        }

        foreach (Command below in command.Subcommands)
        {
            BindAll(below);
        }
    }

    private static void Bind(Option option)
    {
        switch (option)
        {
            case Option<int> whole:
                whole.CustomParser = result => Whole<int>(result) ?? 0;
                break;
            case Option<int?> whole:
                whole.CustomParser = Whole<int>;
                break;
            case Option<long> whole:
                whole.CustomParser = result => Whole<long>(result) ?? 0;
                break;
            case Option<ulong> whole:
                whole.CustomParser = result => Whole<ulong>(result) ?? 0;
                break;
            case Option<ulong?> seed:
                // As with llama.cpp: a seed of -1 is another one each time.
                seed.CustomParser = result => result.Tokens is [{ Value: "-1" }] ? null : Whole<ulong>(result);
                break;
            case Option<float> fraction:
                fraction.CustomParser = result => Fraction<float>(result) ?? 0;
                break;
            case Option<double> fraction:
                fraction.CustomParser = result => Fraction<double>(result) ?? 0;
                break;
        }
    }

    private static T? Whole<T>(ArgumentResult result)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        string text = result.Tokens[^1].Value;
        if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T value))
        {
            return value;
        }

        string range = string.Create(CultureInfo.InvariantCulture, $"a whole number from {(T.IsZero(T.MinValue) ? T.Zero : T.MinValue)} to {T.MaxValue}");
        return Refuse<T>(result, text, range);
    }

    private static T? Fraction<T>(ArgumentResult result)
        where T : struct, IFloatingPoint<T>
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        string text = result.Tokens[^1].Value;
        return T.TryParse(text, Style, CultureInfo.InvariantCulture, out T value) && T.IsFinite(value)
            ? value
            : Refuse<T>(result, text, "a number such as 0.8, with a point and not a comma");
    }

    private static T? Refuse<T>(ArgumentResult result, string text, string allowed)
        where T : struct
    {
        string name = (result.Parent as OptionResult)?.IdentifierToken?.Value ?? result.Argument.Name;
        result.AddError($"{name}: '{text}' is not allowed; it must be {allowed}.");
        return null;
    }
}
