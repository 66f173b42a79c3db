using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Settings;

namespace Inferometer.Cli.Tests.Settings;

public class ParameterTextTests
{
    [Fact]
    public void Values_are_json_where_they_can_be_and_texts_elsewhere()
    {
        JsonObject parameters = ParameterText.Parse(
            ["micro_batches=4", "lora.rank=8", "lora.strategy=merged", "decode_kv_sizes=[512,[4,1024]]", "flag=true", "name=a=b"]);
        JsonNode expected = JsonNode.Parse("""{"micro_batches":4,"lora":{"rank":8,"strategy":"merged"},"decode_kv_sizes":[512,[4,1024]],"flag":true,"name":"a=b"}""")!;
        Assert.True(JsonNode.DeepEquals(expected, parameters));
    }

    [Theory]
    [InlineData("noequals")]
    [InlineData("=1")]
    [InlineData(".x=1")]
    [InlineData("a..b=1")]
    public void Other_forms_are_refused(string text) => Assert.Throws<UsageException>(() => ParameterText.Parse([text]));
}
