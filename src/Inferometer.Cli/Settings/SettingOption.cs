using System.CommandLine;
using Inferometer.Core;
using Inferometer.Simulation.Planning;

namespace Inferometer.Cli.Settings;

/// <summary>The option of a setting: one value, or where several estimates are compared some, separated by commas.</summary>
internal sealed class SettingOption : Option<SaidValue[]>, IDeclared
{
    /// <summary>The option that a setting declares.</summary>
    public SettingOption(EstimateSetting setting)
        : base(setting.Option, [.. setting.Aliases])
    {
        Setting = setting;
        HelpName = setting.ValueName;
        Arity = ArgumentArity.ExactlyOne;
        Description = ((IDeclared)this).Describe();
        Domain<SaidValue> domain = new(setting.ValueName, setting.Range, (text, _) => SaidValue.Read(setting, text));
        CustomParser = result =>
        {
            List<SaidValue> values = [];
            string given = result.Tokens[0].Value;
            if (IsDecimalComma(given))
            {
                result.AddError(Domains.Wrong(Name, given, $"a number {setting.Range}", " Decimals are written with a point.").Message);
                return [];
            }

            foreach (string part in given.Split(',', StringSplitOptions.TrimEntries))
            {
                if (part.Length == 0)
                {
                    result.AddError($"{Name}: {Domains.Quote(given)} holds an empty value.");
                    break;
                }

                if (!domain.TryParse(result, part, Name, out SaidValue? value))
                {
                    break;
                }

                values.Add(value);
            }

            return [.. values];
        };
    }

    /// <summary>The declaration.</summary>
    public EstimateSetting Setting { get; }

    /// <inheritdoc/>
    public string Meaning => Setting.Description;

    /// <inheritdoc/>
    public string? Range => Setting.Range;

    /// <inheritdoc/>
    public string? Default => Setting.Default;

    // 0,9 is meant as one number where its parts are none of those that the option takes.
    private bool IsDecimalComma(string given) =>
        Setting.Bounds is null && Setting.Range is not null && given.Split(',') is [{ Length: > 0 } whole, { Length: > 0 } part]
        && whole.All(char.IsAsciiDigit) && part.All(char.IsAsciiDigit) && !(IsTaken(whole) && IsTaken(part));

    private bool IsTaken(string text)
    {
        try
        {
            _ = Setting.Read(text);
            return true;
        }
        catch (InferometerException)
        {
            return false;
        }
    }

    /// <summary>The values given; null where the option was not.</summary>
    public IReadOnlyList<SaidValue>? Of(ParseResult parsed) => parsed.IsGiven(this) ? parsed.GetValue(this)! : null;
}
