using Inferometer.Core.Models;
using Inferometer.Planning.Deployments;

namespace Inferometer.Planning.Tests;

/// <summary>Which ways of spreading a model a search looks at.</summary>
public sealed class ShapeEnumerationTests
{
    [Fact]
    public void Pipelines_within_a_node_are_of_two_unless_others_are_asked_for()
    {
        Assert.Equal([(1, 1), (1, 2), (2, 1), (2, 2), (4, 1)], Spreads(new()));
        Assert.Equal([(1, 4)], Spreads(new() { Pipeline = [4] }));
        Assert.Equal([(1, 1), (1, 3), (2, 1), (4, 1)], Spreads(new() { Pipeline = [1, 3] })); // 2 x 3 are more than there are
        Assert.Equal([(2, 2)], Spreads(new() { Tensor = [2], Pipeline = [2, 4] }));
        Assert.Empty(Spreads(new() { Tensor = [4], Pipeline = [2] }));
    }

    private static IEnumerable<(int Tensor, int Pipeline)> Spreads(SearchSpace space)
    {
        SystemChoice on = Sample.On("l40s") with { Count = 4 };
        ModelArchitecture model = Sample.Catalogs.Models.Resolve("llama-3.1-70b");
        return ShapeEnumeration.Of("llama-3.1-70b", model, space with { Systems = [on], Frameworks = ["vllm"] }, [on])
            .Select(shape => (shape.Parallelism.Tensor, shape.Parallelism.Pipeline)).Distinct().Order();
    }
}
