using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;

namespace Inferometer.Simulation.Tests.Configuration;

public sealed class ParameterBagTests
{
    private static ParameterBag Bag(string json) => new((JsonObject)JsonNode.Parse(json)!, "file: simulation_params");

    [Fact]
    public void Numbers_set_in_code_and_read_from_text_are_the_same()
    {
        ParameterBag code = new(new JsonObject { ["batch_size"] = 4 });
        Assert.Equal(4, code.Int32("batch_size", 1));
        Assert.Equal(new ParameterBag((JsonObject)JsonNode.Parse("""{"batch_size": 4}""")!), code);
    }

    [Fact]
    public void What_is_not_given_takes_the_default()
    {
        Assert.Equal(7, ParameterBag.Empty.Int32("batch_size", 7));
        Assert.Equal(0.5, Bag("""{"rate": null}""").Number("rate", 0.5));
    }

    [Theory]
    [InlineData("""{"n": 1.5}""")]
    [InlineData("""{"n": 0}""")]
    [InlineData("""{"n": -1}""")]
    [InlineData("""{"n": "8"}""")]
    [InlineData("""{"n": 1e300}""")]
    [InlineData("""{"n": [1]}""")]
    public void A_wrong_number_says_where_which_and_what_is_allowed(string json)
    {
        InferometerException error = Assert.Throws<InferometerException>(() => Bag(json).Int32("n", 1, minimum: 1));
        Assert.Matches(@"^file: simulation_params\.n: .+ is not allowed; it must be a whole number of at least 1\.$", error.Message);
    }

    [Fact]
    public void Nested_groups_name_their_path()
    {
        InferometerException error = Assert.Throws<InferometerException>(
            () => Bag("""{"lora": {"rank": 0}}""").Group("lora").Int32("rank", 16, minimum: 1));
        Assert.StartsWith("file: simulation_params.lora.rank", error.Message, StringComparison.Ordinal);
    }
}
