using System.CommandLine;
using System.Globalization;
using System.Reflection;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Tests.Commands;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests;

/// <summary>
/// docs/commands.md says what the declarations say. After a change of an option, run the tests once with INFEROMETER_WRITE_DOCS=1 in the
/// environment: that writes the tables, and the difference is seen in review.
/// </summary>
public class CommandDocsTests
{
    private static readonly string Page = Path.Combine(SharedFolder.RepositoryRoot, "docs", "commands.md");

    [Fact]
    public async Task Tables_of_options_are_those_of_the_declarations()
    {
        string page = await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken);
        string renewed = CommandDocs.Renew(page, TableOf);
        if (Environment.GetEnvironmentVariable("INFEROMETER_WRITE_DOCS") is "1")
        {
            await File.WriteAllTextAsync(Page, renewed, TestContext.Current.CancellationToken);
            page = renewed;
        }

        Assert.Equal(renewed, page);
    }

    [Fact]
    public async Task Every_command_has_its_table_and_its_line()
    {
        string page = await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken);
        Assert.Equal(
            CommandWords.All.Keys.Append("settings").Order(StringComparer.Ordinal), CommandDocs.Tables(page).Order(StringComparer.Ordinal));
        Assert.All(CommandWords.All.Keys, words => Assert.Contains($"| `{words}", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_exit_code_is_documented_and_no_other()
    {
        string page = await File.ReadAllTextAsync(Page, TestContext.Current.CancellationToken);
        string section = page[page.IndexOf("## Exit codes", StringComparison.Ordinal)..];
        IEnumerable<int> documented = section[..section.IndexOf("\n## Values", StringComparison.Ordinal)].Split('\n')
            .Where(l => l.StartsWith("| ", StringComparison.Ordinal) && char.IsDigit(l[2]))
            .Select(l => int.Parse(l.Split('|')[1], CultureInfo.InvariantCulture));
        IEnumerable<int> declared =
            typeof(ExitCode).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (int)f.GetRawConstantValue()!);
        Assert.Equal(declared.Order(), documented.Order());
    }

    private static string TableOf(string name)
    {
        Command command = CommandWords.All[name is "settings" ? "compare" : name];
        return name is "settings" ? CommandDocs.Settings(command) : CommandDocs.Options(command);
    }
}
