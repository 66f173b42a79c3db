using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;

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
}
