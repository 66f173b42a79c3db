using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Inferometer.Cli.Settings;
using Inferometer.History.Records;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Recording;

/// <summary>
/// A command line as the history keeps it: without what says where it is kept, how it is printed and which files it writes; addresses
/// without
/// their passwords.
/// </summary>
/// <param name="parsed">The command line.</param>
/// <param name="recording">The options that say where it is kept.</param>
internal sealed class GivenSettings(ParseResult parsed, RecordingSettings recording)
{
    private const long MostHashedBytes = 1L << 28;

    /// <summary>The command, its arguments and what was given of its options, as a configuration.</summary>
    public RunConfig Config()
    {
        JsonObject options = [];
        foreach ((Option option, string[] values) in Options())
        {
            options[option.Name] = option is FlagOption ? JsonValue.Create(true)
                : option is PathOption { Use: PathUse.ReadFile } ? FileOf(values[0])
                : values.Length == 1 ? JsonValue.Create(values[0])
                : new JsonArray([.. values.Select(v => JsonValue.Create(v))]);
        }

        JsonObject settings = new() { ["command"] = Name, ["options"] = options };
        foreach (Argument argument in parsed.CommandResult.Command.Arguments)
        {
            if (Values(parsed.GetResult(argument)) is { Length: > 0 } values)
            {
                settings[argument.Name.ToLowerInvariant()] =
                    argument is PathArgument { Use: PathUse.ReadFile } ? FileOf(values[0]) : string.Join(' ', values);
            }
        }

        return RunConfig.Of(settings);
    }

    /// <summary>The same as words behind the program's name.</summary>
    public IReadOnlyList<string> Words()
    {
        List<string> words = [.. Name.Split(' ')];
        foreach ((Option option, string[] values) in Options())
        {
            if (option is FlagOption)
            {
                words.Add(option.Name);
            }

            foreach (string value in values)
            {
                words.AddRange(option.Name, value);
            }
        }

        string[] arguments = [.. parsed.CommandResult.Command.Arguments.SelectMany(a => Values(parsed.GetResult(a)))];
        bool marked = arguments.Any(a => a.StartsWith('-'));
        return [.. words, .. marked ? ["--"] : (string[])[], .. arguments];
    }

    private string Name => WordsOf(parsed.CommandResult.Command);

    private static string WordsOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } owner and not RootCommand
            ? $"{WordsOf(owner)} {command.Name}"
            : command.Name;

    private IEnumerable<(Option Option, string[] Values)> Options() =>
        from option in parsed.CommandResult.Command.Options
        where parsed.IsGiven(option) && option is not (ValueOption<OutputFormat> or PathOption { Use: PathUse.WriteFile })
            && !recording.Has(option)
        select (option, Values(parsed.GetResult(option)));

    // What stands in a file is a setting, wherever the file lies. Models are too large for that; their paths are kept.
    private static JsonObject FileOf(string path)
    {
        JsonObject file = new() { ["name"] = Path.GetFileName(path) };
        try
        {
            using FileStream stream = File.OpenRead(path);
            file["sha256"] = stream.Length <= MostHashedBytes ? Convert.ToHexStringLower(SHA256.HashData(stream)) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            file["sha256"] = null; // a pipe, or gone since it was read
        }

        return file;
    }

    private static string[] Values(SymbolResult? result) => [.. (result?.Tokens ?? []).Select(t => WithoutPassword(t.Value))];

    private static string WithoutPassword(string value) =>
        value.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(value, UriKind.Absolute, out Uri? address)
            && address.UserInfo.Length > 0
            ? new UriBuilder(address) { UserName = "", Password = "" }.Uri.ToString()
            : value;
}
