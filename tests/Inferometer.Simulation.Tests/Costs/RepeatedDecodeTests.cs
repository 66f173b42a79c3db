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

    [Theory]
    [InlineData("dense")]
    [InlineData("experts")]
    [InlineData("latent")]
    public void Sums_of_contexts_are_priced_as_the_contexts_themselves(string kind)
    {
        ModelArchitecture model = kind switch { "experts" => Sample.Mixtral, "latent" => Sample.DeepSeek, _ => Sample.Llama3 };
        ICostPlan plan = Pricing.Plan(Sample.Request(model) with { System = Sample.RealSystem });
        var sums = Assert.IsAssignableFrom<IBatchedDecode>(plan);
        Assert.True(sums.TakesSums);
        Random random = new(7);
        PrefillChunk[] prompts = [new(16, 100, EndsPrompt: true), new(0, 300, EndsPrompt: false)];
        for (int round = 0; round < 200; round++) // batches that stay, change and come with prompts, in any order
        {
            int size = 1 + (random.Next(4) * random.Next(30));
            DecodeGroup[] batch = [.. Enumerable.Range(0, size).Select(_ => new DecodeGroup(random.Next(1, 5000)))];
            PrefillChunk[] prefill = random.Next(3) == 0 ? prompts : [];
            for (int later = 0; later < random.Next(1, 4); later++)
            {
                batch = [.. batch.Select(g => g with { ContextTokens = g.ContextTokens + 1 })];
                long contexts = batch.Sum(g => (long)g.ContextTokens);
                Assert.Equal(plan.Step(prefill, batch), sums.StepOfSums(prefill, batch.Length, contexts)); // to the last bit
            }
        }

        Assert.Equal(plan.Step(prompts, []), sums.StepOfSums(prompts, 0, 0));
        Assert.Throws<InferometerException>(() => sums.StepOfSums([], 0, 0));
    }

    [Theory]
    [InlineData("windowed", 1)]
    [InlineData("dense", 2)]
    public void Sums_are_not_taken_where_they_do_not_say_enough(string kind, int pipeline)
    {
        ModelArchitecture model = kind is "windowed"
            ? Sample.Model(
                "windowed", 4096, 32000,
                [.. Sample.Repeat(4, Sample.Attention(32, 8, 128, window: 60), new DenseFeedForward { IntermediateSize = 11008 })])
            : Sample.Llama3;
        var plan = (IBatchedDecode)Pricing.Plan(
            Sample.Request(model) with { System = Sample.RealSystem, Parallelism = new Parallelism(1, pipeline) });
        Assert.False(plan.TakesSums);
    }

    [Fact]
    public void An_empty_batch_and_drafts_are_refused()
    {
        var plan = (IRepeatedDecode)Pricing.Plan(Sample.Request(Sample.Llama3) with { System = Sample.RealSystem });
        Assert.Throws<InferometerException>(() => plan.BeginRepeat([]));
        Assert.Throws<InferometerException>(() => plan.BeginRepeat([new DecodeGroup(10, NewTokens: 3)]));
    }
}
