using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Configuration;

public sealed class SimulationConfigTests
{
    private const string Json = """
        {
          "model": "meta-llama/Llama-3.1-8B",
          "features": ["chunked", "lora"],
          "simulation_params": {
            "prefill_kv_sizes": [[1024, 511]],
            "decode_kv_sizes": [1600, 1601],
            "lora": {"rank": 16, "strategy": "dynamic"}
          }
        }
        """;

    private const string Yaml = """
        model: meta-llama/Llama-3.1-8B
        features: [chunked, lora]
        simulation_params:
          prefill_kv_sizes:
            - [1024, 511]
          decode_kv_sizes: [1600, 1601]
          lora:
            rank: 16
            strategy: dynamic
        """;

    [Fact]
    public void The_same_configuration_is_read_from_json_and_yaml() =>
        Assert.Equal(SimulationConfig.FromJson(Json), SimulationConfig.FromYaml(Yaml));

    [Fact]
    public void Writing_and_reading_back_changes_nothing()
    {
        SimulationConfig config = SimulationConfig.FromJson(Json);
        Assert.Equal(config, SimulationConfig.FromJson(config.ToJson()));
        Assert.Equal(config, SimulationConfig.FromYaml(config.ToYaml()));
    }

    [Theory]
    [InlineData("1", "a text that looks like a number")]
    [InlineData("true", "a text that looks like a truth value")]
    [InlineData("line one\nline two: # not a comment", "a text with yaml's own signs")]
    [InlineData("", "the empty text")]
    public void Yaml_keeps_texts_texts(string text, string why)
    {
        SimulationConfig config = new() { Model = "m", SimulationParams = new ParameterBag(new JsonObject { ["name"] = text }) };
        Assert.True(config == SimulationConfig.FromYaml(config.ToYaml()), why);
    }

    [Theory]
    [InlineData("{", "line 1")]
    [InlineData("[]", "object")]
    [InlineData("""{"features": []}""", "'model' is missing")]
    [InlineData("""{"model": "m", "featurs": []}""", "'featurs'")]
    [InlineData("""{"model": "m", "features": "prefill"}""", "list of feature names")]
    [InlineData("""{"model": "m", "simulation_params": 3}""", "simulation_params")]
    [InlineData("""{"model": "m", "model": "n"}""", "not valid JSON")]
    public void A_wrong_file_gets_one_line_that_names_the_file_and_the_fault(string json, string expected)
    {
        InferometerException error = Assert.Throws<InferometerException>(() => SimulationConfig.FromJson(json, "my.json"));
        Assert.StartsWith("my.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Yaml_aliases_are_refused_so_that_a_small_file_cannot_unfold_into_a_huge_one()
    {
        InferometerException error = Assert.Throws<InferometerException>(
            () => SimulationConfig.FromYaml("model: &m x\nfeatures: [*m, *m]", "bomb.yaml"));
        Assert.StartsWith("bomb.yaml", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Malformed_yaml_names_line_and_column()
    {
        InferometerException error = Assert.Throws<InferometerException>(() => SimulationConfig.FromYaml("model: [a\nb: c", "x.yaml"));
        Assert.Contains("line", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Features_are_written_as_a_list()
    {
        SimulationConfig config = new() { Model = "m", Features = ["prefill", .. (string[])["decode", "lora"]] };
        Assert.Equal(config, SimulationConfig.FromJson("""{"model": "m", "features": ["prefill", "decode", "lora"]}"""));
        Assert.Equal(new SimulationConfig { Model = "m" }, config with { Features = [] });
        StepBatch batch = new() { Prefill = [new(0, 8)], Decode = [new(3), new(4, 2)] };
        Assert.Equal(new StepBatch { Prefill = [new(0, 8)], Decode = [new(3), new(4, 2)] }, batch);
    }

    [Theory]
    [InlineData(50_000)]
    [InlineData(65)]
    public void Nesting_is_limited_before_anything_is_built_of_it(int depth)
    {
        string open = new('[', depth), close = new(']', depth);
        string mappings = string.Concat(Enumerable.Repeat("{a: ", depth));
        foreach (string yaml in (string[])[open, $"model: {open}{close}", $"model: m\nsimulation_params: {mappings}"])
        {
            InferometerException error = Assert.Throws<InferometerException>(() => SimulationConfig.FromYaml(yaml, "deep.yaml"));
            Assert.StartsWith("deep.yaml, line ", error.Message, StringComparison.Ordinal);
            Assert.EndsWith(": nested deeper than 64 levels.", error.Message, StringComparison.Ordinal);
        }

        InferometerException json = Assert.Throws<InferometerException>(
            () => SimulationConfig.FromJson($$"""{"model": {{open}}{{close}}}""", "deep.json"));
        Assert.StartsWith("deep.json: not valid JSON at line 1", json.Message, StringComparison.Ordinal);
        Assert.Contains("depth of 64", json.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_within_the_limit_is_read()
    {
        string value = $"{new string('[', 62)}1{new string(']', 62)}";
        Assert.Equal(
            SimulationConfig.FromJson($$$"""{"model": "m", "simulation_params": {"a": {{{value}}}}}"""),
            SimulationConfig.FromYaml($"model: m\nsimulation_params: {{a: {value}}}"));
    }

    [Theory]
    [InlineData("", "configuration file ''")]
    [InlineData("no/such/file.yaml", "no/such/file.yaml")]
    public void A_file_that_is_not_there_is_named(string path, string expected) =>
        Assert.Contains(expected, Assert.Throws<InferometerException>(() => SimulationConfig.Load(path)).Message, StringComparison.Ordinal);
}
