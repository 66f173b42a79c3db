using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Settings;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Commands;

/// <summary>What holds for every option of every command, however many there are.</summary>
public sealed class EveryOptionTests : IDisposable
{
    // What these take is free text, or a name that is looked up in a catalog when the work begins.
    private static readonly string[] FreeTexts =
    [
        "--prompt", "--system", "--stop", "--search", "--model", "--on", "--draft", "--chat-template", "--host", "--served-model-name",
        "--measurements",
        "--store", "--baseline", "--metric", "--simulate", "--partition", "--container", "--slurm-option", "--rows", "--columns", "--value",
        "--api-key", "--upstream-api-key", // secrets, which are not quoted
    ];

    // A file or folder, with a scale behind it.
    private const string Adapter = "FILE[:SCALE]";

    // A column of a file that is read when the work begins.
    private const string ColumnOrder = "COLUMN[:desc]";

    // Words of the parser and of the runtime.
    private static readonly string[] Jargon =
        ["System.", "   at ", "Exception", "Cannot parse", "expected type", "Required argument", "Unrecognized", "Nullable"];

    private static readonly string[] NoNumbers =
    [
        "", " ", "x", "5x", "x5", "1 000", "0x10", "inf", "nan", "Infinity", "-Infinity", "NaN", "\u221e", "1e400", "1_000", "\u0663",
            "\u22125", "1.2.3", "--5",
        "+-5", "1;2", "99999999999999999999999999999999999999999", "-99999999999999999999999999999999999999999", "5 ", "$5", "(5)", "1'000",
            "5%", "1/2",
    ];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Numbers => CommandWords.Options(o => ((IDeclared)o).Range is not null);

    public static TheoryData<string, string> Valued => CommandWords.Options(o => o is not FlagOption);

    public static TheoryData<string, string> Closed =>
        CommandWords.Options(o => o is not FlagOption and not PathOption && !FreeTexts.Contains(o.Name)
            && o.HelpName is not (Adapter or ColumnOrder));

    public static TheoryData<string, string> Single => CommandWords.Options(o => o is not FlagOption && o.Arity.MaximumNumberOfValues == 1);

    public static TheoryData<string, string> Flags => CommandWords.Options(o => o is FlagOption);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_option_is_declared_with_what_it_takes()
    {
        Assert.All(CommandWords.All.Values.SelectMany(c => c.Options), o => Assert.True(o is IDeclared, o.Name));
        Assert.All(
            CommandWords.All.Values.SelectMany(c => c.Arguments),
            a => Assert.True(a is IPathInput or TextArgument or TextsArgument, a.Name));
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task Numbers_are_numbers_and_nothing_else(string command, string option)
    {
        bool isList = CommandWords.Find(command, option) is not Option { ValueType.IsArray: false };
        IEnumerable<string> wrong = isList ? NoNumbers.Where(n => n is not "5 ") : [.. NoNumbers, "0,8", "1,000", "1.000,5", " 5"];
        if (!IsReal(command, option))
        {
            wrong = wrong.Append("1e3").Append("1.5").Append("1.0");
        }

        foreach (string value in wrong)
        {
            CommandRun run = await Run(command, option, value);
            Assert.True(run.Code == ExitCode.Usage, $"{command} {option} '{value}': {run.Code}, {run.Error}");
            Assert.StartsWith($"error: {option}", Line(run), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task Ranges_stand_in_the_help_and_hold(string command, string option)
    {
        string range = ((IDeclared)CommandWords.Find(command, option)).Range!;
        string help = string
            .Join(' ',
                (await CommandRun.OfLine($"{command} --help")).Succeeded().Output
                    .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(range, help, StringComparison.Ordinal);
        Match bounds = Regex
            .Match(range, @"^(?<above>above )?(?<least>-?[\d.]+) (to (?<most>[\d.]+)|or more)", RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(1));
        Assert.True(bounds.Success, range);
        List<string> outside = [bounds.Groups["above"].Success ? bounds.Groups["least"].Value : Below(bounds.Groups["least"].Value)];
        if (bounds.Groups["most"].Success)
        {
            outside.Add(
                (decimal.Parse(bounds.Groups["most"].Value, CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture));
        }

        foreach (string value in outside.Where(v => !(option is "--max-tokens" && v is "-1")))
        {
            string line = Line(await Run(command, option, option is "-pg" ? $"{value},8" : value));
            Assert.Contains($"'{value}' is not allowed; it must be", line, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Closed))]
    public async Task A_value_that_an_option_does_not_take_exits_as_every_other(string command, string option)
    {
        CommandRun run = await Run(command, option, "no such value");
        Assert.True(run.Code == ExitCode.Usage, $"{command} {option}: {run.Code}, {run.Error}");
        Assert.Contains("'no such value'", Line(run), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Valued))]
    public async Task Garbage_gets_one_line_in_words_of_this_program(string command, string option)
    {
        string[] values =
            ["", "\0", "a\0b", "\u001b[31m", "line\nline", new string('9', 100_000), new string('x', 100_000), "--", "-", "=", ",", ",,,",
                "{}", "[[[", "@file", "*"];
        foreach (string value in values)
        {
            CommandRun run = await Idle(CommandWords.Line(_folder, command, option, option, value));
            if (run.Code != ExitCode.Success)
            {
                Assert.True(
                    run.Code is ExitCode.Usage or ExitCode.Failed,
                    $"{command} {option} '{value[..Math.Min(20, value.Length)]}': {run.Code}, {run.Error}");
                string only = Line(run);
                Assert.True(only.Length < 3000, only);
                Assert.DoesNotContain(only, char.IsControl);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Valued))]
    public async Task An_option_without_its_value_is_told_so(string command, string option)
    {
        CommandRun run = await CommandRun.Of(CommandWords.Line(_folder, command, option, option));
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains($"'{option}' needs a value", Line(run), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Single))]
    public async Task An_option_of_one_value_may_be_given_once(string command, string option)
    {
        CommandRun run = await CommandRun.Of(CommandWords.Line(_folder, command, option, option, "1", option, "1"));
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains($"'{option}' is given 2 times; it may be given once.", Line(run), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Flags))]
    public async Task An_option_without_values_takes_none(string command, string option)
    {
        CommandRun run = await CommandRun.Of(CommandWords.Line(_folder, command, option, option + "=maybe"));
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains("takes no value", Line(run), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_culture_of_the_machine_changes_nothing()
    {
        // A culture by name is not to be had where the program is built without them.
        var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (other.NumberFormat.NumberDecimalSeparator, other.NumberFormat.NumberGroupSeparator, other.NumberFormat.NegativeSign) =
            (",", ".", "\u2212");

        string[] before = [.. await Lines()];
        CultureInfo was = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = other;
            Assert.Equal(before, (await Lines()).ToArray());
        }
        finally
        {
            CultureInfo.CurrentCulture = was;
        }

        static async Task<IEnumerable<string>> Lines() =>
        [
            (await CommandRun.OfLine("run --help")).Output,
            (await CommandRun.OfLine("run --temp 0,8 -p x")).Error,
            (await CommandRun.OfLine("bench --warm-up 4000.5")).Error,
            (await CommandRun.OfLine("run --temp 0.5 --seed 3 -n 8 -p Once")).Output,
            (await CommandRun.OfLine("estimate llama-3.1-8b --on h100 --draft ngram --acceptance 0.75 -f csv")).Output,
        ];
    }

    [Fact]
    public async Task Both_names_of_the_temperature_are_one_option()
    {
        const string Rest = " --seed 3 -n 12 -p Once";
        string first = (await CommandRun.OfLine("run --temp 0.9" + Rest)).Succeeded().Output;
        Assert.Equal(first, (await CommandRun.OfLine("run --temperature 0.9" + Rest)).Succeeded().Output);
        CommandRun both = await CommandRun.OfLine("run --temp 0.9 --temperature 0.9" + Rest);
        Assert.Equal(ExitCode.Usage, both.Code);
    }

    [Fact]
    public async Task A_seed_of_minus_one_is_another_one_each_time()
    {
        string[] lines = ["run --seed -1 -n 24 -p Once", "run -n 24 -p Once"];
        foreach (string line in lines)
        {
            string[] outputs =
                [(await CommandRun.OfLine(line)).Succeeded().Output, (await CommandRun.OfLine(line)).Succeeded().Output,
                    (await CommandRun.OfLine(line)).Succeeded().Output];
            Assert.True(outputs.Distinct(StringComparer.Ordinal).Count() > 1, outputs[0]);
        }
    }

    // Everything but the work: what is right is taken, and nothing is done.
    private static async Task<CommandRun> Idle(string[] line)
    {
        await using StringWriter error = new();
        int code =
            await InferometerCommand.RunAsync(CommandWords.CreateIdle, line, TextWriter.Null, error, TestContext.Current.CancellationToken);
        return new CommandRun(code, "", error.ToString());
    }

    private static bool IsReal(string command, string option) =>
        CommandWords.Find(command, option).ValueType == typeof(double) || CommandWords.Find(command, option).ValueType == typeof(double[])
            || option is "--acceptance" or "--memory-utilization";

    private static string Below(string least) =>
        (decimal.Parse(least, CultureInfo.InvariantCulture) - 1).ToString(CultureInfo.InvariantCulture);

    private static string Line(CommandRun run)
    {
        Assert.Equal("", run.Output);
        string line = Assert.Single(run.Complaints);
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.All(Jargon, word => Assert.DoesNotContain(word, line, StringComparison.Ordinal));
        return line;
    }

    private Task<CommandRun> Run(string command, string option, string value) =>
        CommandRun.Of(CommandWords.Line(_folder, command, option, option, value));
}
