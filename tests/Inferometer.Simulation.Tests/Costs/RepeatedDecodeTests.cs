using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

public sealed class RepeatedDecodeTests
{
    public static TheoryData<string, int, int> Deployments => new()
    {
        { "dense", 1, 1 }, { "dense", 4, 1 }, { "dense", 1, 4 }, { "windowed", 1, 1 }, { "experts", 2, 1 }, { "latent", 8, 1 },
    };

    [Theory]
    [MemberData(nameof(Deployments))]
    public void Prices_are_those_of_each_step_by_itself(string kind, int tensor, int pipeline)
    {
        ModelArchitecture model = kind switch
        {
            "windowed" => Sample.Model(
                "windowed",
                4096,
                32000,
                [.. Sample.Repeat(4, Sample.Attention(32, 8, 128, window: 60), new DenseFeedForward { IntermediateSize = 11008 }),
                    .. Sample.Repeat(4, Sample.Attention(32, 8, 128), new DenseFeedForward { IntermediateSize = 11008 })]),
            "experts" => Sample.Mixtral,
            "latent" => Sample.DeepSeek,
            _ => Sample.Llama3,
        };
        ICostPlan plan = Pricing.Plan(Sample.Request(model) with
        {
            System = Sample.RealSystem,
            Parallelism = new Parallelism(tensor, pipeline),
        });
        var repeated = Assert.IsAssignableFrom<IRepeatedDecode>(plan);
        DecodeGroup[] batch = [.. Enumerable.Range(0, 37).Select(i => new DecodeGroup(10 + (i * 53 % 211)))];
        PhaseTotals[] expected =
            [.. Enumerable.Range(0, 80)
            .Select(later => plan.Step([], [.. batch.Select(g => g with { ContextTokens = g.ContextTokens + later })]))];
        repeated.BeginRepeat(batch);
        for (int later = 0; later < expected.Length; later++)
        {
            Assert.Equal(expected[later], repeated.Repeat(later)); // to the last bit
        }
    }

    [Fact]
    public void An_empty_batch_and_drafts_are_refused()
    {
        var plan = (IRepeatedDecode)Pricing.Plan(Sample.Request(Sample.Llama3) with { System = Sample.RealSystem });
        Assert.Throws<InferometerException>(() => plan.BeginRepeat([]));
        Assert.Throws<InferometerException>(() => plan.BeginRepeat([new DecodeGroup(10, NewTokens: 3)]));
    }
}
