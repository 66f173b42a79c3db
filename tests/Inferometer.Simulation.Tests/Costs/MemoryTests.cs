using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Models;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

public class MemoryTests
{
    public static IEnumerable<TheoryDataRow<string>> Models =>
        ModelCatalog.BuiltIn.Models.Select(model => new TheoryDataRow<string>(model.Name));

    [Theory]
    [MemberData(nameof(Models))]
    public void Weights_on_one_device_are_the_parameters_of_the_model(string name)
    {
        ModelArchitecture model = ModelCatalog.BuiltIn.Find(name).Architecture;
        ParameterCount count = ParameterCount.Of(model);
        MemoryTotals use = Pricing.Plan(Sample.Request(model)).MemoryAt(new(1, 16, 1));
        Assert.Equal(2.0 * (count.Total - model.ExtraParameters), use.WeightBytes, 0.5);
    }

    [Fact]
    public void Tensor_ranks_hold_their_part_of_what_is_split_and_all_of_what_is_not()
    {
        MemoryTotals one = Use(Sample.Llama3, Parallelism.None);
        MemoryTotals four = Use(Sample.Llama3, new(Tensor: 4));
        double norms = 65 * 4096d * 2;
        Assert.Equal(((one.WeightBytes - norms) / 4) + norms, four.WeightBytes, 1e-3);
        Assert.Equal(one.KvCacheBytes / 4, four.KvCacheBytes, 1e-3);
    }

    [Fact]
    public void The_cache_holds_prompt_and_all_but_the_last_generated_token()
    {
        // Llama-3.1-8B: 2 x 8 x 128 x 2 bytes x 32 layers = 131072 bytes a token; 3 x (100 + 19) tokens.
        MemoryTotals use = Pricing.Plan(Sample.Request(Sample.Llama3)).MemoryAt(new(3, 100, 20));
        Assert.Equal(131072d * 3 * 119, use.KvCacheBytes, 1e-3);
    }

    [Fact]
    public void Beams_share_the_prompt_and_requests_share_a_cached_prefix()
    {
        ICostPlan plan = Pricing.Plan(Sample.Request(Sample.Llama3));
        Assert.Equal(131072d * 3 * (100 + (4 * 19)), plan.MemoryAt(new(3, 100, 20, BeamWidth: 4)).KvCacheBytes, 1e-3);
        Assert.Equal(131072d * (60 + (3 * (40 + 19))), plan.MemoryAt(new(3, 100, 20, CachedPrefixTokens: 60)).KvCacheBytes, 1e-3);
    }

    [Fact]
    public void Windows_cap_the_cache_of_their_layers()
    {
        ModelArchitecture model = Sample.Model("local-global", 1024, 1000, [
            .. Sample.Repeat(5, Sample.Attention(8, 4, 128, window: 512), null),
            .. Sample.Repeat(1, Sample.Attention(8, 4, 128), null)]);
        EstimateRequest request = Sample.Request(model);

        // A step of 512 tokens is written before the oldest tokens are let go, and the sum is rounded up to 256.
        Assert.Equal(((5 * 1024) + 4096d) * 2 * 4 * 128 * 2, Pricing.Plan(request).MemoryAt(new(1, 4000, 97)).KvCacheBytes, 1e-3);
        EstimateRequest alone = request with { WindowExtraTokens = 0 };
        Assert.Equal(((5 * 512) + 4096d) * 2 * 4 * 128 * 2, Pricing.Plan(alone).MemoryAt(new(1, 4000, 97)).KvCacheBytes, 1e-3);
        EstimateRequest odd = request with { WindowExtraTokens = 100 };
        Assert.Equal(((5 * 768) + 4096d) * 2 * 4 * 128 * 2, Pricing.Plan(odd).MemoryAt(new(1, 4000, 97)).KvCacheBytes, 1e-3);
    }

    [Fact]
    public void Limits_are_the_last_values_that_fit()
    {
        EstimateRequest request = Sample.Request(Sample.Llama3, batch: 4, input: 1000, output: 100);
        MemoryEstimate report = new RooflineCostModel().Estimate(request).Memory!;
        ICostPlan plan = Pricing.Plan(request);
        Assert.True(plan.MemoryAt(new(report.LargestBatch, 1000, 100)).Fits);
        Assert.False(plan.MemoryAt(new(report.LargestBatch + 1, 1000, 100)).Fits);
        Assert.InRange(report.LongestContextTokens, 1100, 131071);
        Assert.True(plan.MemoryAt(new(4, report.LongestContextTokens - 99, 100)).Fits);
        Assert.False(plan.MemoryAt(new(4, report.LongestContextTokens - 98, 100)).Fits);
        Assert.Equal(report.WeightBytes + report.KvCacheBytes + report.ActivationBytes + 1e9, report.TotalBytes, 1e-3);
    }

    [Fact]
    public void A_model_too_large_for_the_device_does_not_fit()
    {
        MemoryEstimate report = new RooflineCostModel().Estimate(Sample.Request(Sample.Mixtral)).Memory!;
        Assert.False(report.Fits);
        Assert.Equal(0, report.LargestBatch);
        Assert.Equal(0, report.LongestContextTokens);
    }

    [Fact]
    public void Activations_peak_at_the_widest_operator_and_are_bounded_by_the_step()
    {
        // Widest: the activation, reading 2 x 14336 and writing 14336 elements; plus the residual stream of 4096.
        Assert.Equal(
            1000 * (28672 + 14336 + 4096) * 2d,
            Pricing.Plan(Sample.Request(Sample.Llama3)).MemoryAt(new(1, 1000, 1)).ActivationBytes,
            1e-3);
        Assert.Equal(
            8192 * (28672 + 14336 + 4096) * 2d, Pricing.Plan(Sample.Request(Sample.Llama3)).MemoryAt(new(16, 10000, 1)).ActivationBytes, 1);
    }

    private static MemoryTotals Use(ModelArchitecture model, Parallelism parallelism) =>
        Pricing.Plan(Sample.Request(model) with { Parallelism = parallelism }).MemoryAt(new(2, 500, 10));
}
