using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

/// <summary>
/// The files under deploy/ say what the program understands: commands, paths, ports and times. That they are sound by themselves is
/// checked by scripts/check-deploy.sh and by the tests of the server.
/// </summary>
public sealed partial class DeployFilesTests
{
    private const string Mounted = "/models/model.gguf";

    private static readonly string Folder = Path.Combine(SharedFolder.RepositoryRoot, "deploy");
    private static readonly string Model = Path.Combine(SharedFolder.RepositoryRoot, "assets", "models", "tales-5m-q8_0.gguf");

    [Fact]
    public void The_unit_starts_the_program_as_its_options_are_and_waits_longer_than_the_server_does()
    {
        Dictionary<string, string> unit = Read("systemd", "inferometer.service").Split('\n')
            .Select(line => line.Split('=', 2)).Where(parts => parts.Length == 2 && !parts[0].StartsWith('#'))
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
        string[] words = unit["ExecStart"].Split(' ');
        Assert.Equal(ProgramName(), Path.GetFileName(words[0]));
        RequireCommand([.. words.Skip(1).Select(word => word.EndsWith(".gguf", StringComparison.Ordinal) ? Model : word)]);

        // What the unit may write to, and where its model lies, is one folder.
        Assert.StartsWith($"/var/lib/{unit["StateDirectory"]}/", words[2], StringComparison.Ordinal);
        Assert.True(int.Parse(unit["TimeoutStopSec"], CultureInfo.InvariantCulture) > Default("--drain-timeout"));
    }

    [Fact]
    public void The_compose_file_starts_the_program_of_its_image_as_its_options_are()
    {
        string compose = Read("compose", "compose.yml");
        string[] words = JsonSerializer.Deserialize<string[]>(CommandLine().Match(compose).Groups["list"].Value)!;
        Assert.Contains($":{Mounted}:ro", compose, StringComparison.Ordinal);
        Assert.Contains(Mounted, words);
        RequireCommand([.. words.Select(word => word is Mounted ? Model : word)]);
        Assert.Contains(
            Regex.Match(compose, "INFEROMETER_[A-Z_]+", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)).Value,
            CommandWords.All["serve"].Options.Single(option => option.Name is "--api-key").Description!, StringComparison.Ordinal);
        int grace = int.Parse(Grace().Match(compose).Groups["seconds"].Value, CultureInfo.InvariantCulture);
        Assert.True(grace > Default("--drain-timeout"));
        string port = Default("--port").ToString(CultureInfo.InvariantCulture);
        Assert.Contains($":{port}:{port}\"", compose, StringComparison.Ordinal);
        Assert.Contains($"inferometer:{port}\"", Read("prometheus", "compose.yml"), StringComparison.Ordinal);

        string[] image = Read("compose", "Dockerfile").Split('\n');
        Assert.Contains($"EXPOSE {port}", image);
        string copied = image.Single(line => line.StartsWith("COPY ", StringComparison.Ordinal));
        string[] entry = JsonSerializer.Deserialize<string[]>(
            image.Single(line => line.StartsWith("ENTRYPOINT ", StringComparison.Ordinal))["ENTRYPOINT ".Length..])!;
        Assert.Equal($"{copied.Split(' ')[2]}/{ProgramName()}", Assert.Single(entry));

        // The folder that is copied is the one that the comment's publish writes.
        Assert.Contains($"-o deploy/compose/{copied.Split(' ')[1]}\n", compose, StringComparison.Ordinal);
        Assert.Contains("dotnet publish src/Inferometer.Cli ", compose, StringComparison.Ordinal);
        string user = image.Single(line => line.StartsWith("USER ", StringComparison.Ordinal))[5..];
        Assert.True(uint.Parse(user, CultureInfo.InvariantCulture) > 0);
    }

    private static void RequireCommand(string[] words)
    {
        ParseResult parsed = CommandWords.Root.Parse(words);
        Assert.Equal("serve", parsed.CommandResult.Command.Name);
        Assert.Empty(parsed.Errors.Select(error => error.Message));
        Assert.Empty(parsed.UnmatchedTokens);
    }

    private static string Read(string folder, string name) => File.ReadAllText(Path.Combine(Folder, folder, name));

    /// <summary>What the program is called once it is published.</summary>
    private static string ProgramName() =>
        XDocument.Load(Path.Combine(SharedFolder.RepositoryRoot, "src", "Inferometer.Cli", "Inferometer.Cli.csproj"))
            .Descendants("AssemblyName").Single().Value;

    /// <summary>The default of an option of serve, as docs/commands.md has it, which follows the declarations.</summary>
    private static int Default(string option)
    {
        string[] lines = File.ReadAllLines(Path.Combine(SharedFolder.RepositoryRoot, "docs", "commands.md"));
        string row = lines.SkipWhile(line => !line.StartsWith("<!-- options of serve", StringComparison.Ordinal))
            .First(line => line.StartsWith($"| `{option}`", StringComparison.Ordinal));
        return int.Parse(row.TrimEnd(' ', '|').Split('|')[^1].Trim(), CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"command: (?<list>\[.*\])", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CommandLine();

    [GeneratedRegex("stop_grace_period: (?<seconds>[0-9]+)s", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Grace();
}
