using System.Text.Json.Nodes;
using Inferometer.Core;
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

    [Theory]
    [InlineData("8xh100", null, null, 8, 1)]
    [InlineData("h100:4", null, null, 4, 1)]
    [InlineData("8 x H100_SXM", 4, 2, 4, 2)]
    [InlineData("h100", 2, null, 2, 1)]
    public void So_many_of_a_device_share_every_layer_where_nothing_else_is_said(
        string system, int? tensor, int? pipeline, int expectedTensor, int expectedPipeline)
    {
        JsonObject parameters = [];
        if (tensor is { } t)
        {
            parameters["tensor_parallel"] = t;
        }

        if (pipeline is { } p)
        {
            parameters["pipeline_parallel"] = p;
        }

        SimulationConfig config = (EstimateRequestText.Of("llama-3.1-70b", JsonValue.Create(system), [], true) with
        {
            Parameters = parameters,
        }).ToConfig();
        Core.Deployments.Parallelism spread = Engine.Prepare(config).Request.Parallelism;
        Assert.Equal((expectedTensor, expectedPipeline), (spread.Tensor, spread.Pipeline));
        Assert.Equal("H100_SXM", Engine.Prepare(config).Request.System.Name);
    }

    [Fact]
    public void So_many_of_a_device_that_degrees_do_not_take_are_refused()
    {
        EstimateRequestText request = EstimateRequestText.Of("llama-3.1-70b", JsonValue.Create("8xh100"), [], true) with
        {
            Parameters = new JsonObject { ["tensor_parallel"] = 4 },
        };
        InferometerException fault = Assert.Throws<InferometerException>(() => request.ToConfig());
        Assert.Contains("'8xh100' is 8 devices", fault.Message, StringComparison.Ordinal);
        Assert.Contains("take 4", fault.Message, StringComparison.Ordinal);
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

    [Theory]
    [InlineData("deepseek-v3", "h100", 2, "tensor_parallel 16")]
    [InlineData("llama-3.1-70b", "m4_max", 1, "quantization.weights q8_0")]
    [InlineData("qwen3-32b", "t4", 2, "tensor_parallel 8, quantization.weights int4")]
    [InlineData("llama-3.1-8b", "t4", 1, "tensor_parallel 2, quantization.weights int4, gpu_layers 29")]
    [InlineData("llama-3.1-70b", "gb10", 1, "tensor_parallel 2, quantization.weights q8_0")]
    public void Advice_is_what_can_be_done(string model, string system, int tensor, string advice)
    {
        SimulationConfig config = With(Config(model, system), "tensor_parallel", tensor);
        Assert.Equal(advice, string.Join(", ", FittingChanges.Of(config, Engine).Select(c => $"{c.Parameter} {c.Value}")));
    }

    [Fact]
    public void Experts_go_to_a_host_that_has_room_for_them()
    {
        SimulationConfig config = Config("qwen3-30b-a3b", "rtx4090");
        Assert.DoesNotContain(FittingChanges.Of(config, Engine), c => c.Parameter is "cpu_expert_layers");
        config = With(config, "quantization", new JsonObject { ["weights"] = "fp8" });
        FittingChange experts = FittingChanges.Of(config, Engine).Single(c => c.Parameter is "cpu_expert_layers");
        int layers = experts.Value.GetValue<int>();
        Assert.True(Engine.Simulate(With(config, "cpu_expert_layers", layers)).MemoryUsage!.Fits);
        Assert.False(Engine.Simulate(With(config, "cpu_expert_layers", layers - 1)).MemoryUsage!.Fits);
    }

    [Fact]
    public void A_host_takes_no_more_than_it_must()
    {
        SimulationConfig config = With(Config("llama-3.1-70b", "rtx4090"), "quantization", new JsonObject { ["weights"] = "q4_k" });
        FittingChange layers = FittingChanges.Of(config, Engine).Single(c => c.Parameter is "gpu_layers");
        int kept = layers.Value.GetValue<int>();
        Assert.True(Engine.Simulate(With(config, "gpu_layers", kept)).MemoryUsage!.Fits);
        Assert.False(Engine.Simulate(With(config, "gpu_layers", kept + 1)).MemoryUsage!.Fits);
    }

    // Without a part named the host is the usual one, which has not room for all of it.
    [Fact]
    public void A_host_that_cannot_hold_all_is_given_fewer_layers()
    {
        SimulationConfig config = With(Config("llama-3.1-70b", "rtx4090"), "quantization", new JsonObject { ["weights"] = "q4_k" });
        SimulationConfig none = With(config, "gpu_layers", 0);
        Assert.False(Engine.Simulate(none).MemoryUsage!.Fits);
        FittingChange layers = Assert.Single(FittingChanges.Of(none, Engine), c => c.Parameter is "gpu_layers");
        Assert.True(Engine.Simulate(With(config, "gpu_layers", layers.Value.GetValue<int>())).MemoryUsage!.Fits);
    }

    [Fact]
    public void Frameworks_that_run_on_the_device_tell_their_room_where_none_is_named()
    {
        Assert.Equal(
            ["llama.cpp", "sglang", "trtllm", "vllm"],
            FrameworkRoom.Of(Config("llama-3.1-8b", "h100"), Engine).Select(r => r.Framework).Order(StringComparer.Ordinal));
        Assert.Equal(["llama.cpp"], FrameworkRoom.Of(Config("llama-3.1-8b", "m4_max"), Engine).Select(r => r.Framework));
        Assert.Empty(FrameworkRoom.Of(With(Config("llama-3.1-8b", "h100"), "framework", "vllm"), Engine));
        Assert.Empty(FrameworkRoom.Of(With(Config("llama-3.1-8b", "h100"), "cost_model", "genz"), Engine));
        double told = FrameworkRoom.Of(Config("llama-3.1-8b", "h100"), Engine).Single(r => r.Framework is "vllm").Tokens;
        Assert.Equal(
            Engine.Simulate(With(Config("llama-3.1-8b", "h100"), "framework", "vllm")).MemoryUsage!.KvCapacityTokens, told);
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
