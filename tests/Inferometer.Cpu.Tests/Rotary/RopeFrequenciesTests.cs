using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Rotary;
using Inferometer.ReferenceModels;

namespace Inferometer.Cpu.Tests.Rotary;

public sealed class RopeFrequenciesTests
{
    private const int HeadDim = 16;
    private const int ModelContext = 512;

    public static TheoryData<string, string, int> Schemes => new()
    {
        { "none", "null", 512 },
        { "linear", """{"rope_type":"linear","factor":4.0}""", 512 },
        { "dynamic", """{"rope_type":"dynamic","factor":4.0}""", 512 },
        { "dynamic", """{"rope_type":"dynamic","factor":4.0}""", 2048 },
        { "llama3", """{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":128}""", 512 },
        { "yarn", """{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":128}""", 512 },
        { "yarn", """{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":128,"beta_fast":16,"beta_slow":2,"attention_factor":1.25}""", 512 },
        { "longrope", """{"type":"longrope","short_factor":[1,1.1,1.2,1.3,1.4,1.5,1.6,1.7],"long_factor":[1,2,3,4,5,6,7,8]}""", 128 },
        { "longrope", """{"type":"longrope","short_factor":[1,1.1,1.2,1.3,1.4,1.5,1.6,1.7],"long_factor":[1,2,3,4,5,6,7,8]}""", 512 },
    };

    [Theory]
    [MemberData(nameof(Schemes))]
    public void Every_scheme_turns_channels_as_the_reference_does(string scheme, string json, int contextTokens)
    {
        var config = new JsonObject
        {
            ["max_position_embeddings"] = ModelContext,
            ["original_max_position_embeddings"] = 128,
            ["rope_scaling"] = JsonNode.Parse(json),
        };
        ReferenceRope reference = new(config, theta: 10000, HeadDim, scaled: true, contextTokens);
        RopeFrequencies frequencies = RopeFrequencies.Create(Parameters(scheme, config), HeadDim, contextTokens, ModelContext);
        float[] cosines = new float[HeadDim / 2], sines = new float[HeadDim / 2];
        foreach (int position in new[] { 0, 1, 77, contextTokens - 1 })
        {
            // A head of ones in its first half and zeros in its second turns into (cos, sin).
            double[] head = [.. Enumerable.Repeat(1.0, HeadDim / 2), .. new double[HeadDim / 2]];
            reference.Rotate(head, position);
            frequencies.At(position, cosines, sines);
            for (int i = 0; i < HeadDim / 2; i++)
            {
                Assert.Equal(head[i], cosines[i], 1e-6);
                Assert.Equal(head[i + (HeadDim / 2)], sines[i], 1e-6);
            }
        }
    }

    [Fact]
    public void Divisors_without_a_scheme_divide_each_frequency()
    {
        RopeParameters rope = new() { Theta = 100, ShortFactors = new EquatableList<double>([1, 4]) };
        float[] cosines = new float[2], sines = new float[2];
        RopeFrequencies.Create(rope, headDim: 4, 64, 64).At(3, cosines, sines);
        Assert.Equal(Math.Sin(3), sines[0], 1e-6);
        Assert.Equal(Math.Sin(3 * 0.1 / 4), sines[1], 1e-6);
    }

    [Fact]
    public void A_list_of_divisors_of_the_wrong_length_is_an_error_that_names_both()
    {
        RopeParameters rope = new() { ShortFactors = new EquatableList<double>([1, 4, 9]) };
        InferometerException error = Assert.Throws<InferometerException>(() => RopeFrequencies.Create(rope, headDim: 4, 64, 64));
        Assert.Contains("3 frequency factors", error.Message, StringComparison.Ordinal);
        Assert.Contains("2 rotated pairs", error.Message, StringComparison.Ordinal);
    }

    private static RopeParameters Parameters(string scheme, JsonObject config)
    {
        JsonObject scaling = config["rope_scaling"] as JsonObject ?? [];
        return new RopeParameters
        {
            Scaling = scheme switch
            {
                "linear" => RopeScaling.Linear,
                "dynamic" => RopeScaling.DynamicNtk,
                "llama3" => RopeScaling.Llama3,
                "yarn" => RopeScaling.Yarn,
                "longrope" => RopeScaling.LongRope,
                _ => RopeScaling.None,
            },
            Factor = (double?)scaling["factor"] ?? 1,
            OriginalContextTokens = scheme is "dynamic" ? 0 : 128,
            BetaFast = (double?)scaling["beta_fast"] ?? 32,
            BetaSlow = (double?)scaling["beta_slow"] ?? 1,
            AttentionFactor = (double?)scaling["attention_factor"] ?? 0,
            ShortFactors = Factors(scaling["short_factor"]),
            LongFactors = Factors(scaling["long_factor"]),
        };
    }

    private static EquatableList<double> Factors(JsonNode? list) => new(((list as JsonArray) ?? []).Select(value => (double)value!));
}
