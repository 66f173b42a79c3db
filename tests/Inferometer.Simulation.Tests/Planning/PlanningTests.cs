using System.Text.Json.Nodes;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;

namespace Inferometer.Simulation.Tests.Planning;

public class PlanningTests
{
    private static readonly SimulationEngine Engine = new();

    [Fact]
    public void A_batch_keeps_its_order_and_says_what_is_impossible_and_what_does_not_fit()
    {
        int done = 0;
        IReadOnlyList<Estimate> estimates = new EstimateBatch(Engine).Run(
            [Config("llama-3.1-8b", "h100"), Config("no-such-model", "h100"), Config("llama-3.1-70b", "h100"),
                Config("llama-3.1-8b", "a100")],
            () => Interlocked.Increment(ref done), TestContext.Current.CancellationToken);
        Assert.Equal(4, done);
        Assert.Equal("H100_SXM", estimates[0].Result!.System);
        Assert.StartsWith("A100", estimates[3].Result!.System, StringComparison.Ordinal);
        Assert.Contains("no-such-model", estimates[1].Error, StringComparison.Ordinal);
        Assert.True(estimates[2] is { Result: null, Error: null, Overflow: { Fits: false, TotalBytes: > 1e11 } });
        Assert.All([estimates[0], estimates[3]], e => Assert.Empty(e.Result!.Operators));
        Assert.Equal(Engine.Simulate(Config("llama-3.1-8b", "h100")).Latency, estimates[0].Result!.Latency);
    }

    [Fact]
    public void A_batch_stops_when_it_is_told_to()
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Assert.ThrowsAny<OperationCanceledException>(() => new EstimateBatch(Engine).Run(
            [.. Enumerable.Repeat(Config("llama-3.1-8b", "h100"), 1000)], stop.Cancel, stop.Token));
    }

    [Fact]
    public void The_changes_that_make_a_model_fit_do_make_it_fit()
    {
        SimulationConfig config = Config("llama-3.1-70b", "h100");
        FittingChange[] changes = [.. FittingChanges.Of(config, Engine)];
        Assert.Equal(["tensor_parallel", "quantization.weights"], changes.Select(c => c.Parameter));
        Assert.Equal((2, "fp8"), (changes[0].Value.GetValue<int>(), changes[1].Value.GetValue<string>()));
        Assert.True(Engine.Simulate(With(config, "tensor_parallel", 2)).MemoryUsage!.Fits);
        Assert.True(Engine.Simulate(With(config, "quantization", new JsonObject { ["weights"] = "fp8" })).MemoryUsage!.Fits);
    }

    [Fact]
    public void Aliases_become_the_names_of_the_catalog_and_the_rest_stays()
    {
        var catalogs = Catalogs.From(null);
        SimulationConfig named = catalogs.Canonical(Config("llama-3.1-8b", "h100"));
        Assert.Equal(("meta-llama/Llama-3.1-8B", "H100_SXM"), (named.Model, named.SimulationParams.Text("system_name", "")));
        SimulationConfig unknown = Config("./my-model", "./my-system.json");
        Assert.Equal(unknown, catalogs.Canonical(unknown));
        SimulationConfig custom = With(Config("./my-model", ""), "system_name", new JsonObject { ["Flops"] = 312 });
        Assert.Equal(custom, catalogs.Canonical(custom));
    }

    private static SimulationConfig With(SimulationConfig config, string name, JsonNode value) =>
        config with { SimulationParams = config.SimulationParams.With(name, value) };

    private static SimulationConfig Config(string model, string system) => new()
    {
        Model = model,
        Features = new(["prefill", "decode"]),
        SimulationParams = new ParameterBag(new JsonObject { ["system_name"] = system }),
    };
}
