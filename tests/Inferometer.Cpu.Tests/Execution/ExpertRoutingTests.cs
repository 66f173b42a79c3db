using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;

namespace Inferometer.Cpu.Tests.Execution;

public sealed class ExpertRoutingTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Each_token_goes_to_its_best_experts_with_their_probabilities(bool normalise)
    {
        MoeFeedForward moe = new()
        {
            Experts = 4,
            ExpertsPerToken = 2,
            ExpertIntermediateSize = 8,
            NormalizeTopK = normalise,
            RoutedScale = 2,
        };

        // Scores are logarithms of whole numbers, so probabilities are those numbers over their sum.
        int[][] shares = [[1, 5, 2, 2], [4, 3, 2, 1], [1, 1, 6, 2]];
        float[] scores = [.. shares.SelectMany(row => row).Select(share => MathF.Log(share))];
        ExpertRouting routing = new();
        routing.Route(moe, scores, tokens: 3);

        Assert.Equal([1], routing.TokensOf(0).ToArray());
        Assert.Equal([0, 1], routing.TokensOf(1).ToArray());
        Assert.Equal([0, 2], routing.TokensOf(2).ToArray());
        Assert.Equal([2], routing.TokensOf(3).ToArray());
        Assert.Equal(2 * 5 / (normalise ? 7f : 10f), routing.WeightsOf(1)[0], 1e-6f);
        Assert.Equal(2 * 2 / (normalise ? 7f : 10f), routing.WeightsOf(2)[0], 1e-6f);
        Assert.Equal(2 * 6 / (normalise ? 8f : 10f), routing.WeightsOf(2)[1], 1e-6f);
    }

    [Fact]
    public void A_smaller_step_after_a_larger_one_sees_nothing_of_it()
    {
        MoeFeedForward moe = new() { Experts = 3, ExpertsPerToken = 1, ExpertIntermediateSize = 8 };
        ExpertRouting routing = new();
        routing.Route(moe, new float[] { 1, 0, 0, 0, 1, 0, 0, 0, 1 }, tokens: 3);
        routing.Route(moe, new float[] { 0, 0, 1 }, tokens: 1);
        Assert.True(routing.TokensOf(0).IsEmpty);
        Assert.True(routing.TokensOf(1).IsEmpty);
        Assert.Equal([0], routing.TokensOf(2).ToArray());
    }
}
