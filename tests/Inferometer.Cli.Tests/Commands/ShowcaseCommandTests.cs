using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;

namespace Inferometer.Cli.Tests.Commands;

public class ShowcaseCommandTests
{
    [Fact]
    public async Task The_report_holds_every_station_of_the_tour()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("inferometer").FullName, "report.json");
        CommandRun run = await CommandRun.Of("showcase", "-o", file);
        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Contains(file, run.Error, StringComparison.Ordinal);
        JsonNode report = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!;
        Assert.Equal(
            ["context_lengths", "generation_lengths", "batch_sizes", "tensor_parallel", "optimisations", "model_sizes"],
            report.AsObject().Select(m => m.Key));
        Assert.All(
            report.AsObject(), station =>
                Assert.All(station.Value!.AsArray(), row => Assert.True(row!["ttft_ms"]!.GetValue<double>() > 0)));
    }

    [Fact]
    public async Task Every_optimisation_but_the_merged_adapter_changes_the_outcome()
    {
        JsonNode report = JsonNode.Parse((await CommandRun.OfLine("showcase --format json")).Succeeded().Output)!;
        foreach (JsonNode? row in report["optimisations"]!.AsArray())
        {
            bool same = row!["case"]!.GetValue<string>() is "flash attention (baseline)" or "LoRA rank 16, merged";
            Assert.Equal(same, Math.Abs(row["e2e_change"]!.GetValue<double>()) < 1e-6);
        }
    }

    [Fact]
    public async Task What_does_not_fit_keeps_its_row_with_the_reason()
    {
        CommandRun run = (await CommandRun.OfLine("showcase llama-3.1-8b --on l4")).Succeeded();
        Assert.Contains("(1) does not fit", run.Output, StringComparison.Ordinal);
    }
}
