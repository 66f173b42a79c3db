using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

public class SelfcheckCommandTests
{
    [Fact]
    public async Task The_recorded_cases_are_reproduced()
    {
        string golden = SharedFolder.Require("reference/genz/golden.jsonl");
        CommandRun run = (await CommandRun.Of("selfcheck", "--golden", golden, "--format", "json")).Succeeded();
        JsonArray phases = JsonNode.Parse(run.Output)!.AsArray();
        Assert.Contains(phases, p => p!["phase"]!.GetValue<string>() is "decode");
        Assert.All(phases, p => Assert.True(p!["worst_relative_error"] is null || p["worst_relative_error"]!.GetValue<double>() < 1e-6));
    }

    [Fact]
    public async Task Cases_come_with_the_program()
    {
        CommandRun run = (await CommandRun.OfLine("selfcheck --format json")).Succeeded();
        JsonArray phases = JsonNode.Parse(run.Output)!.AsArray();
        Assert.True(phases.Sum(p => p!["compared"]!.GetValue<int>()) >= 500);
        Assert.Contains(phases, p => p!["engine"]!.GetValue<string>() is "genz");
    }

    [Fact]
    public async Task A_figure_that_differs_fails_the_check()
    {
        string golden = SharedFolder.Require("reference/genz/golden.jsonl");
        JsonNode changed = (await File.ReadAllLinesAsync(golden, TestContext.Current.CancellationToken))
            .Select(l => JsonNode.Parse(l)!)
            .First(n =>
                n["phase"]!.GetValue<string>() is "decode" && n["status"]!.GetValue<string>() is "ok"
                    && n["outputs"]!["latency_ms"] is JsonValue);
        changed["outputs"]!["latency_ms"] = changed["outputs"]!["latency_ms"]!.GetValue<double>() * 1.001;
        string file = Path.Combine(Directory.CreateTempSubdirectory("inferometer").FullName, "changed.jsonl");
        await File.WriteAllTextAsync(file, changed.ToJsonString(), TestContext.Current.CancellationToken);
        CommandRun run = await CommandRun.Of("selfcheck", "--golden", file);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"1 of 1 cases differ"), run.Error, StringComparison.Ordinal);
    }
}
