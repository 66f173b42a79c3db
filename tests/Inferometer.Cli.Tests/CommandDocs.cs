using System.CommandLine;
using System.Text;
using Inferometer.Cli.Settings;

namespace Inferometer.Cli.Tests;

/// <summary>The tables of docs/commands.md as the declarations of the options make them.</summary>
internal static class CommandDocs
{
    private const string Begin = "<!-- options of ";
    private const string End = "<!-- end of options -->";

    /// <summary>The page with its tables made anew.</summary>
    public static string Renew(string page, Func<string, string> table)
    {
        StringBuilder renewed = new();
        bool skipping = false;
        foreach (string line in page.TrimEnd('\n').Split('\n'))
        {
            if (line is End)
            {
                skipping = false;
            }

            if (!skipping)
            {
                renewed.Append(line).Append('\n');
            }

            if (line.StartsWith(Begin, StringComparison.Ordinal))
            {
                skipping = true;
                renewed.Append('\n').Append(table(line[Begin.Length..line.IndexOf(" -->", StringComparison.Ordinal)])).Append('\n');
            }
        }

        return renewed.ToString();
    }

    /// <summary>What the tables of a page are of.</summary>
    public static IEnumerable<string> Tables(string page) =>
        page.Split('\n').Where(l => l.StartsWith(Begin, StringComparison.Ordinal))
            .Select(l => l[Begin.Length..l.IndexOf(" -->", StringComparison.Ordinal)]);

    /// <summary>The options that describe an estimate, with the parameters they set.</summary>
    public static string Settings(Command command)
    {
        StringBuilder table =
            new("| option | value | parameter | what it is for | allowed | default |\n| --- | --- | --- | --- | --- | --- |\n");
        foreach (SettingOption option in command.Options.OfType<SettingOption>())
        {
            string parameters = $"`{option.Setting.Parameter}`{(option.Setting.Includes is { } other ? $", `{other.Parameter}`" : "")}";
            Row(table, Names(option), Value(option), parameters, option.Meaning, option.Range ?? "", option.Default ?? "");
        }

        return table.ToString();
    }

    /// <summary>The other options of a command.</summary>
    public static string Options(Command command)
    {
        StringBuilder table = new("| option | value | what it is for | allowed | default |\n| --- | --- | --- | --- | --- |\n");
        foreach (Option option in command.Options.Where(o => o is IDeclared and not SettingOption && !o.Hidden))
        {
            var declared = (IDeclared)option;
            string fallback = option.Required ? "required" : declared.Default ?? (option is FlagOption ? "off" : "");
            Row(table, Names(option), Value(option), declared.Meaning, declared.Range ?? "", fallback);
        }

        return table.ToString();
    }

    private static void Row(StringBuilder table, params string[] cells) =>
        table.Append("| ").Append(string.Join(" | ", cells.Select(c => c.Replace("|", "\\|", StringComparison.Ordinal)))).Append(" |\n");

    private static string Names(Option option) =>
        string.Join(
            ' ', option.Aliases.Prepend(option.Name).OrderByDescending(n => n.StartsWith("--", StringComparison.Ordinal))
                .Select(n => $"`{n}`"));

    private static string Value(Option option) => option is FlagOption ? "" : $"`{option.HelpName}`";
}
