using System.Text;
using System.Text.Json;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;

namespace Inferometer.Core.Tests;

public sealed class PythonJsonTests
{
    [Theory]
    [InlineData("[0.0, Infinity]", double.PositiveInfinity)]
    [InlineData("[0.0, -Infinity]", double.NegativeInfinity)]
    [InlineData("""["a \" Infinity", 2]""", 2)]
    [InlineData("""["a \\", Infinity]""", double.PositiveInfinity)]
    public void Words_for_numbers_become_numbers_outside_strings(string json, double last)
    {
        using JsonDocument document = JsonDocument.Parse(PythonJson.Repaired(Encoding.UTF8.GetBytes(json)));
        Assert.Equal(last, document.RootElement[1].GetDouble());
        if (document.RootElement[0].ValueKind == JsonValueKind.String && json.Contains("a \\\" Infinity", StringComparison.Ordinal))
        {
            Assert.Equal("a \" Infinity", document.RootElement[0].GetString());
        }
    }

    [Fact]
    public void A_configuration_of_mamba_2_as_it_is_published_is_read()
    {
        ModelArchitecture model = HuggingFaceConfigReader.Parse(
            """
            {"model_type":"mamba2","num_hidden_layers":2,"hidden_size":64,"num_heads":4,"head_dim":32,"time_step_limit":[0.0,Infinity]}
            """,
            "config.json");
        Assert.All(model.Layers, layer => Assert.True(layer is { Mixer: MambaMixer { Heads: 4 }, FeedForward: null }));
    }
}
