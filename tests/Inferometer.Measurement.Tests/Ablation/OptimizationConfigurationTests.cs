using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Ablation;
using Inferometer.Scheduling;

namespace Inferometer.Measurement.Tests.Ablation;

public sealed class OptimizationConfigurationTests
{
    public static TheoryData<int> EveryCombination => [.. Enumerable.Range(0, 32)];

    [Theory]
    [MemberData(nameof(EveryCombination))]
    public void Options_and_names_come_back(int bits)
    {
        OptimizationConfiguration configuration = Enum.GetValues<Optimization>().Where(o => (bits & (1 << (int)o)) != 0)
            .Aggregate(OptimizationConfiguration.None, (on, optimization) => on.With(optimization));
        Assert.Equal(configuration, OptimizationConfiguration.Of(configuration.Apply(new InferenceOptions())));
        Assert.Equal(configuration, OptimizationConfiguration.Parse(configuration.Name));
        Assert.Equal(System.Numerics.BitOperations.PopCount((uint)bits), configuration.On.Count());
    }

    [Fact]
    public void Switching_is_of_one_alone()
    {
        Assert.Equal(
            "KV cache+grouped heads+batching+prefix reuse", OptimizationConfiguration.All.Without(Optimization.FlashAttention).Name);
        Assert.Equal(
            OptimizationConfiguration.All, OptimizationConfiguration.All.Toggle(Optimization.Batching).Toggle(Optimization.Batching));
        Assert.Equal(
            ["none", "flash attention", "flash attention+batching"],
            OptimizationConfiguration.Parse("batching+flash attention").Ladder().Select(step => step.Name));
    }

    [Fact]
    public void Another_way_of_batching_stays() =>
        Assert.Equal(
            BatchingMode.Static, OptimizationConfiguration.All.Apply(new InferenceOptions { Batching = BatchingMode.Static }).Batching);

    [Fact]
    public void Unknown_names_are_refused() =>
        Assert.Contains(
            "'speed' is not one", Assert.Throws<InferometerException>(() => OptimizationConfiguration.Parse("batching+speed")).Message,
            StringComparison.Ordinal);
}
