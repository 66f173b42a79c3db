using Inferometer.Cli.Hosting;
using Inferometer.Cli.Settings;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Commands;

/// <summary>Every option and argument that names a file or folder, given what is none.</summary>
public sealed class PathTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> All => CommandWords.Paths(Enum.GetValues<PathUse>());

    public static TheoryData<string, string> ReadFiles => CommandWords.Paths(PathUse.ReadFile);

    public static TheoryData<string, string> WrittenFiles => CommandWords.Paths(PathUse.WriteFile);

    public static TheoryData<string, string> Folders => CommandWords.Paths(PathUse.ReadFolder, PathUse.WriteFolder);

    public static TheoryData<string, string> ReadAnything => CommandWords.Paths(PathUse.ReadFile, PathUse.ReadFolder, PathUse.Model);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_empty_one_is_a_wrong_command_line(string command, string label)
    {
        foreach (string empty in (string[])["", " ", "\t"])
        {
            Assert.Contains($"{label}: the ", await Refusal(ExitCode.Usage, command, label, empty), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(ReadFiles))]
    public async Task A_folder_is_no_file(string command, string label) => Assert.Contains(
        $"{label}: '{_folder.File("")}' is a folder; it must be a file.", await Refusal(ExitCode.Failed, command, label, _folder.File("")),
            StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(ReadAnything))]
    public async Task What_is_not_there_is_named(string command, string label)
    {
        string missing = _folder.File("missing");
        Assert.Contains(missing, await Refusal(ExitCode.Failed, command, label, missing), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(ReadAnything))]
    public async Task A_broken_link_is_told_as_such(string command, string label)
    {
        string link = _folder.File("link");
        File.CreateSymbolicLink(link, _folder.File("gone"));
        Assert.Contains(
            $"is a link to '{_folder.File("gone")}', which does not exist", await Refusal(ExitCode.Failed, command, label, link),
            StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(ReadFiles))]
    public async Task A_file_that_may_not_be_read_is_named(string command, string label)
    {
        string file = _folder.Write("secret", "x"u8.ToArray());
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            Assert.Skip("Whoever runs this may read every file.");
            return;
        }

        File.SetUnixFileMode(file, UnixFileMode.None);
        Assert.Contains(file, await Refusal(ExitCode.Failed, command, label, file), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(WrittenFiles))]
    public async Task What_cannot_be_written_is_refused_before_the_work(string command, string label)
    {
        Assert.Contains(
            "is a folder; it must be the name of a file", await Refusal(ExitCode.Failed, command, label, _folder.File("")),
            StringComparison.Ordinal);
        Assert.Contains(
            "its folder does not exist", await Refusal(ExitCode.Failed, command, label, _folder.File("no/such/file")),
            StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(WrittenFiles))]
    public async Task A_folder_that_takes_no_files_is_told_before_the_work(string command, string label)
    {
        Assert.SkipUnless(Directory.Exists("/proc/self"), "No folder here refuses everybody.");
        Assert.Contains(
            $"{label}: '/proc/written.gguf' cannot be written to: ", await Refusal(ExitCode.Failed, command, label, "/proc/written.gguf"),
            StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(WrittenFiles))]
    public async Task The_check_leaves_no_file(string command, string label)
    {
        // The next option is wrong, so that nothing but the check of the first looks at the file.
        string file = _folder.File("new.gguf");
        string[] line = CommandWords.Line(_folder, command, label, [label, file]);
        _ = await CommandRun.Of([.. line, "--no-such-option"]);
        Assert.False(File.Exists(file));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task A_file_is_no_folder(string command, string label)
    {
        string file = _folder.Write("file", "x"u8.ToArray());
        Assert.Contains(
            $"{label}: '{file}' is a file; it must be a folder", await Refusal(ExitCode.Failed, command, label, file),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Behind_two_dashes_a_name_may_begin_with_dashes()
    {
        CommandRun run = await CommandRun.Of("info", "--", "--model.gguf");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("--model.gguf: there is no such file", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await CommandRun.Of("info", "--model.gguf")).Code);
    }

    [Fact]
    public async Task A_value_may_begin_with_an_at_sign()
    {
        CommandRun run = await CommandRun.Of("models", "--search", "@nothing");
        Assert.DoesNotContain("error", run.Error, StringComparison.Ordinal);
        Assert.Contains("@nothing: there is no such file", (await CommandRun.Of("info", "@nothing")).Error, StringComparison.Ordinal);
    }

    private async Task<string> Refusal(int code, string command, string label, string path)
    {
        string[] given = label.StartsWith('-') ? [label, path] : [path];
        string[] line = CommandWords.Line(_folder, command, label, given);

        // The file states the whole of an estimate, so that nothing else may be given with it.
        CommandRun run = await CommandRun.Of(command is "estimate" && label is "--config" ? ["estimate", .. given] : line);
        Assert.True(run.Code == code, $"{command} {label}: {run.Code}, {run.Error}");
        Assert.Equal("", run.Output);
        string only = Assert.Single(run.Complaints);
        Assert.StartsWith("error: ", only, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", only, StringComparison.Ordinal);
        return only;
    }
}
