using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Commands;

/// <summary><c>inferometer report</c> as a user meets it.</summary>
public sealed class ReportCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Runs_that_were_kept_become_files_of_every_kind()
    {
        string store = _folder.File("runs.db");
        for (int rate = 4; rate <= 8; rate += 4)
        {
            CommandRun kept = await CommandRun.Of(
                "simulate", "llama-3.1-8b", "--on", "h100", "--rate", $"{rate}", "--requests", "40", "--input", "64", "--output", "8",
                "--store", store, "--name", $"rate-{rate}");
            Assert.Equal(ExitCode.Success, kept.Code);
        }

        foreach (string ending in (string[])["html", "md", "json", "svg"])
        {
            string file = _folder.File("report." + ending);
            CommandRun run = await CommandRun.Of("report", "rate-4", "rate-8", "--store", store, "-o", file);
            Assert.Equal(ExitCode.Success, run.Code);
            Assert.Empty(run.Output);
            string text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            Assert.Contains("rate-8", text, StringComparison.Ordinal);
            if (ending is "json")
            {
                using var json = JsonDocument.Parse(text);
                Assert.Equal(2, json.RootElement.GetProperty("runs").GetArrayLength());
            }
        }

        CommandRun nobody = await CommandRun.Of("report", "nobody", "--store", store);
        Assert.Equal(ExitCode.Failed, nobody.Code);
        Assert.Contains("there is no run 'nobody'", Assert.Single(nobody.Complaints), StringComparison.Ordinal);
        CommandRun page = (await CommandRun.Of("report", "latest", "--store", store)).Succeeded();
        Assert.Contains("inferometer simulate --rate 8", page.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("report", ExitCode.Usage, "RUN")]
    [InlineData("report latest -o report.pdf --store STORE", ExitCode.Usage, ".html, .md, .json or .svg")]
    [InlineData("report latest --store none", ExitCode.Usage, "say where runs are kept")]
    [InlineData("report nobody --store STORE", ExitCode.Failed, "there is no history yet")]
    public async Task What_cannot_be_reported_is_one_error(string line, int code, string words)
    {
        CommandRun run = await CommandRun.OfLine(line.Replace("STORE", _folder.File("runs.db"), StringComparison.Ordinal));
        Assert.Equal(code, run.Code);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_is_not_started_on_a_history_that_is_not_there()
    {
        CommandRun run = await CommandRun.Of("serve", "--port", "0", "--store", _folder.File("none.db"));
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("is not there", run.Error, StringComparison.Ordinal);
    }
}
