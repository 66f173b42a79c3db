using Inferometer.Cli.Hosting;

namespace Inferometer.Cli.Tests.Output;

/// <summary>How wide pages are.</summary>
public class TerminalTests
{
    [Fact]
    public async Task Pages_and_help_are_as_wide_as_the_variable_columns_says()
    {
        Assert.All(
            await LinesAsync("60", "compare", "llama-3.1-8b", "--on", "h100,a100", "--batch", "1,16"), l =>
                Assert.InRange(l.Length, 0, 60));
        Assert.All(await LinesAsync("60", "features"), l => Assert.InRange(l.Length, 0, 60));
        Assert.All(await LinesAsync("60", "models", "--help"), l => Assert.InRange(l.TrimEnd().Length, 0, 60));
    }

    [Theory]
    [InlineData("")]
    [InlineData("wide")]
    [InlineData("0")]
    public async Task Without_a_width_nothing_limits_a_table(string columns) => Assert.Contains(
        await LinesAsync(
            columns, "compare", "llama-3.1-8b", "--on", "h100", "--draft", "none,llama-3.2-1b", "--lora", "none,16:8", "--bits",
            "bf16,fp8"),
        l => l.Length > 100);

    [Fact]
    public async Task Machines_are_not_limited()
    {
        string[] csv = await LinesAsync("40", "compare", "llama-3.1-8b", "--on", "h100,a100", "-f", "csv");
        Assert.Equal(3, csv.Length);
        Assert.All(csv, l => Assert.True(l.Length > 100));
    }

    private static async Task<string[]> LinesAsync(string columns, params string[] arguments)
    {
        CommandRun run = await CommandRun.OfWidth(columns, arguments);
        Assert.Equal(ExitCode.Success, run.Code);
        return run.Output.TrimEnd('\n').Split('\n');
    }
}
