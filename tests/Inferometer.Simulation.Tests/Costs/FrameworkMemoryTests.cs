using Inferometer.Core.Catalog;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

/// <summary>What frameworks leave to the KV cache, against formulas worked out by hand and against what their logs said.</summary>
public class FrameworkMemoryTests
{
    private const double Gibi = 1 << 30;

    [Fact]
    public void Programs_get_what_the_driver_reports()
    {
        Device device = Sample.Device with { UsableMemoryBytes = 70e9 };
        MemoryTotals use = Pricing.Plan(Request() with { System = Sample.System with { Device = device } }).MemoryAt(new(1, 1000, 1));
        Assert.Equal((70e9, 70e9, 80e9), (use.CapacityBytes, use.UsableBytes, use.NominalBytes));
        Assert.Equal(70e9 - use.WeightBytes - use.ActivationBytes - 1e9, use.KvPoolBytes, 1);
    }

    [Fact]
    public void A_share_without_a_framework_is_of_the_usable_memory()
    {
        MemoryTotals use = Pricing.Plan(Request() with { MemoryUtilization = 0.5 }).MemoryAt(new(1, 1000, 1));
        Assert.Equal(40e9, use.CapacityBytes);
    }

    [Fact]
    public void The_cache_holds_what_the_pool_has_tokens_for_and_as_many_requests()
    {
        // 131072 bytes a token; prompts of 1000 and 24 generated tokens take 1023.
        MemoryEstimate memory = Pricing.Plan(Request()).EstimateMemory(new(1, 1000, 24))!;
        double tokens = Math.Floor(Pricing.Plan(Request()).MemoryAt(new(memory.LargestBatch, 1000, 24)).KvPoolBytes / 131072);
        Assert.Equal(tokens, memory.KvCapacityTokens!.Value, 1.0);
        Assert.Equal(memory.KvCapacityTokens.Value / 1023, memory.ConcurrentRequests!.Value, 1e-9);
        Assert.Equal(memory.LargestBatch, (int)memory.ConcurrentRequests.Value);
    }

    [Fact]
    public void Windows_hold_more_sequences_than_their_tokens_at_full_length()
    {
        EstimateRequest request = Sample.Request(Sample.Model("windows", 1024, 1000, [
            .. Sample.Repeat(5, Sample.Attention(8, 4, 128, window: 512), null),
            .. Sample.Repeat(1, Sample.Attention(8, 4, 128), null)])) with
        { WindowExtraTokens = 0 };
        MemoryEstimate memory = Pricing.Plan(request).EstimateMemory(new(1, 4000, 97))!;
        double perRequest = ((5 * 512) + 4096d) * 2 * 4 * 128 * 2;
        Assert.Equal(memory.KvCapacityTokens!.Value / 4096, memory.ConcurrentRequests!.Value, 1e-9);
        Assert.Equal(memory.LargestBatch, memory.ConcurrentRequests.Value, 1.0);
        Assert.True(memory.ConcurrentRequests > memory.KvPoolBytes / perRequest * 0.9);
    }

    [Fact]
    public void Replicas_add_their_requests_and_each_has_its_tokens()
    {
        EstimateRequest two = Request() with { Parallelism = new(Data: 2) };
        MemoryEstimate one = Pricing.Plan(Request()).EstimateMemory(new(1, 1000, 24))!;
        MemoryEstimate both = Pricing.Plan(two).EstimateMemory(new(1, 1000, 24))!;
        Assert.Equal(one.KvCapacityTokens, both.KvCapacityTokens);
        Assert.Equal(2 * one.ConcurrentRequests!.Value, both.ConcurrentRequests!.Value, 1e-9);
    }

    [Fact]
    public void Everything_lies_within_the_share_or_beside_it_as_the_framework_has_it()
    {
        FrameworkProfile profile = new()
        {
            Name = "round",
            Scheduler = new() { Description = "none" },
            MemoryUtilization = 0.75,
            ContextBytes = 1e9,
            OutsideBytes = 2e9,
            BytesPerLogit = 10,
            BlockTokens = 16,
            Sizes = [new(double.PositiveInfinity, [], 1000, 50, 1000, 50)],
        };
        MemoryTotals all = At(profile);

        // The largest step: 1000 tokens through the activation, 2 x 14336 read and 14336 written beside 4096 of the residual stream.
        Assert.Equal(1000 * (28672 + 14336 + 4096) * 2d, all.ActivationBytes, 1);
        Assert.Equal((60e9, 1e9), (all.CapacityBytes, all.ReservedBytes));
        MemoryTotals static_ = At(profile with { ShareOf = MemoryShare.WeightsAndCache });
        Assert.Equal((0.75 * 79e9) - static_.WeightBytes, static_.KvPoolBytes, 1);
        MemoryTotals free = At(profile with { ShareOf = MemoryShare.Cache });
        Assert.Equal(0.75 * (80e9 - free.WeightBytes - free.ActivationBytes - 1e9 - 2e9), free.KvPoolBytes, 1);

        // Whatever share is asked for, what lies outside it must have room.
        MemoryTotals greedy = At(profile with { MemoryUtilization = 1 });
        Assert.Equal(78e9, greedy.CapacityBytes, 1);
        double tokens = Pricing.Plan(Framed(profile)).EstimateMemory(new(1, 1000, 24))!.KvCapacityTokens!.Value;
        Assert.Equal(0, tokens % 16);

        MemoryTotals At(FrameworkProfile p) => Pricing.Plan(Framed(p)).MemoryAt(new(1, 200, 1));

        static EstimateRequest Framed(FrameworkProfile p) => Request() with { Framework = p, MaxStepTokens = 1000 };
    }

    [Fact]
    public void Choosing_tokens_for_a_full_step_can_take_more_than_computing_it()
    {
        FrameworkProfile profile = new()
        {
            Name = "round",
            Scheduler = new() { Description = "none" },
            MemoryUtilization = 1,
            BytesPerLogit = 36,
            Sizes = [new(double.PositiveInfinity, [], 8192, 1024, 8192, 1024)],
        };
        EstimateRequest request = Request() with { Framework = profile, MaxStepTokens = 2048 };
        Assert.Equal(1024d * 128256 * 36, Pricing.Plan(request).MemoryAt(new(1, 1, 1)).ActivationBytes, 1);
        Assert.Equal(2048d * 47104 * 2, Pricing.Plan(request with { MaxSequences = 2 }).MemoryAt(new(1, 1, 1)).ActivationBytes, 1);
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("trtllm")]
    [InlineData(null)]
    public void Memory_within_other_limits_is_that_of_a_plan_made_with_them(string? framework)
    {
        EstimateRequest request = Request() with
        {
            Framework = framework is null ? null : FrameworkCatalog.Find(framework, "test"),
            MaxStepTokens = 8192,
            MaxSequences = 64,
        };
        WorkloadPoint point = new(4, 3000, 200);
        foreach (ICostModel model in new ICostModel[] { new CalibratedCostModel(), new RooflineCostModel() })
        {
            var plan = (ILimitedMemory)model.Prepare(request);
            foreach ((int sequences, int tokens) in new[] { (16, 512), (2048, 512), (64, 8192), (1024, 16384) })
            {
                MemoryTotals? made = model.Prepare(request with { MaxSequences = sequences, MaxStepTokens = tokens }).Memory(point);
                Assert.NotNull(made);
                Assert.Equal(made, plan.MemoryWithin(point, sequences, tokens)); // to the last bit
            }
        }
    }

    // Logs of vLLM; weights as they say, so that formats of weights are not judged here.
    [Theory]
    [InlineData("H100_SXM", 65.97, 201088, 0.95, 8192, 1.71)]
    [InlineData("H100_SXM", 65.97, 201088, 0.95, 1024, 1.71)]
    [InlineData("H100_SXM", 65.97, 201088, 0.90, 8192, -2.14)]
    [InlineData("RTX_4090", 14.96, 128256, 0.90, 2048, 5.05)]
    public void Vllm_leaves_to_the_cache_what_its_logs_say(
        string device, double weightsGiB, int vocabulary, double share, int stepTokens, double poolGiB)
    {
        EstimateRequest request = Sample.Request(Sample.Model("m", 2880, vocabulary)) with
        {
            System = HardwareCatalog.BuiltIn.Find(device),
            Framework = FrameworkCatalog.Find("vllm", "test"),
            MemoryUtilization = share,
            MaxStepTokens = stepTokens,
        };
        MemoryBudget budget = new(request);
        double activations = budget.SamplerBytes(vocabulary);
        double capacity = budget.CapacityBytes(request.System.Device, weightsGiB * Gibi, activations);
        double pool = (capacity - (weightsGiB * Gibi) - activations - budget.ReservedBytes(request.System.Device)) / Gibi;
        Assert.Equal(poolGiB, pool, 0.3);
    }

    [Fact]
    public void Every_built_in_framework_has_a_source_for_each_figure_and_a_share_of_every_device()
    {
        Assert.Equal(
            ["inferometer", "inferometer-gpu", "llama.cpp", "pytorch", "sglang", "trtllm", "vllm"],
            FrameworkCatalog.All.Select(f => f.Name).Order(StringComparer.Ordinal));
        Assert.Equal("vllm", FrameworkCatalog.Schedulers[0].Name);
        Assert.Equal("static", FrameworkCatalog.Schedulers.Single(f => f.IsComparison).Name);
        Assert.All(FrameworkCatalog.All, framework =>
        {
            Assert.Contains("sizes", framework.Sources.Keys);
            Assert.Contains("scheduler", framework.Sources.Keys);
            Assert.Contains(framework.Reserve is null ? "memory_utilization" : "reserve", framework.Sources.Keys);
            Assert.All(HardwareCatalog.BuiltIn.Systems, s => Assert.InRange(
                framework.ShareOn(s.System.Device, framework.SizeOn(s.System.Device), 1), 0.05, 1));
        });
        FrameworkProfile vllm = FrameworkCatalog.Find("VLLM", "test");
        Assert.Equal(1024, vllm.SizeOn(HardwareCatalog.BuiltIn.Find("h100").Device).Sequences);
        Assert.Equal(256, vllm.SizeOn(HardwareCatalog.BuiltIn.Find("a100_80gb").Device).Sequences);
    }

    private static EstimateRequest Request() => Sample.Request(Sample.Llama3);
}
