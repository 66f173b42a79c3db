using System.Text.Json.Nodes;
using Inferometer.Cli.Settings;
using Inferometer.Core;

namespace Inferometer.Cli.Tests.Settings;

public class ParameterTextTests
{
    [Fact]
    public void Values_are_json_where_they_can_be_and_texts_elsewhere()
    {
        JsonObject parameters = ParameterText.Parse(["micro_batches=4", "lora.rank=8", "lora.strategy=merged", "decode_kv_sizes=[512,[4,1024]]", "flag=true", "name=a=b"]);
        JsonNode expected = JsonNode.Parse("""{"micro_batches":4,"lora":{"rank":8,"strategy":"merged"},"decode_kv_sizes":[512,[4,1024]],"flag":true,"name":"a=b"}""")!;
        Assert.True(JsonNode.DeepEquals(expected, parameters));
    }

    [Theory]
    [InlineData("noequals")]
    [InlineData("=1")]
    [InlineData(".x=1")]
    [InlineData("a..b=1")]
    public void Other_forms_are_refused(string text) => Assert.Throws<InferometerException>(() => ParameterText.Parse([text]));

    [Theory]
    [InlineData("16", 16, 1, false)]
    [InlineData("16:8", 16, 8, false)]
    [InlineData("8:1:merged", 8, 1, true)]
    [InlineData("8:2:dynamic", 8, 2, false)]
    public void Adapters_are_rank_count_and_strategy(string text, int rank, int adapters, bool merged) =>
        Assert.Equal(new LoraSetting(rank, adapters, merged), LoraSetting.Parse(text, "--lora"));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("8:0")]
    [InlineData("8:1:other")]
    [InlineData("8:1:merged:x")]
    public void Other_adapters_are_refused(string text) => Assert.Throws<InferometerException>(() => LoraSetting.Parse(text, "--lora"));

    [Fact]
    public void Settings_become_a_configuration_that_says_no_more_than_was_asked()
    {
        EstimateSettings settings = new() { Model = "m", System = "s" };
        JsonNode expected = JsonNode.Parse("""
            {"model":"m","features":["prefill","decode","flash_attention"],
             "simulation_params":{"system_name":"s","bits":"bf16","cost_model":"roofline","batch_size":1,"input_tokens":2048,"output_tokens":256,"beam_size":1}}
            """)!;
        Assert.Equal(expected.ToJsonString(), settings.ToConfig().ToNode().ToJsonString());
    }
}
