using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Engine;

public sealed class InferenceOptionsTests
{
    [Fact]
    public void Templates_are_those_of_the_configuration_they_come_from()
    {
        Assert.Equal((16, 2048), (InferenceOptions.Small.MaxBatchSize, InferenceOptions.Small.MaxSequenceTokens));
        Assert.Equal((8, 4096), (InferenceOptions.Medium.MaxBatchSize, InferenceOptions.Medium.MaxSequenceTokens));
        Assert.Equal((4, 8192), (InferenceOptions.Large.MaxBatchSize, InferenceOptions.Large.MaxSequenceTokens));
    }

    [Fact]
    public void Values_out_of_range_are_named()
    {
        Check(new InferenceOptions { MaxBatchSize = 0 }, "MaxBatchSize");
        Check(new InferenceOptions { MaxSequenceTokens = -1 }, "MaxSequenceTokens");
        Check(new InferenceOptions { MaxTokensPerStep = 0 }, "MaxTokensPerStep");
        Check(new InferenceOptions { Threads = -1 }, "Threads");
        Check(new InferenceOptions { KvMemoryBytes = 0 }, "KvMemoryBytes");
        Check(new InferenceOptions { RepackingSteps = -1 }, "RepackingSteps");
        Check(new InferenceOptions { Speculation = new SpeculationOptions { DraftTokens = 0 } }, "DraftTokens");
        Check(new InferenceOptions { KvCache = false, Speculation = new SpeculationOptions { DraftModelPath = "x" } }, "KvCache");
        new InferenceOptions().Validate();
    }

    private static void Check(InferenceOptions options, string name) =>
        Assert.Contains(name, Assert.Throws<InferometerException>(options.Validate).Message, StringComparison.Ordinal);

    [Fact]
    public void The_memory_plan_counts_keys_and_values_by_hand_arithmetic()
    {
        string path = SharedFolder.Require(EngineRunner.Tales);
        MemoryPlan plan = InferenceEngine.PlanMemory(path, new InferenceOptions { MaxBatchSize = 4, MaxSequenceTokens = 1024 });

        // 6 layers x 2 KV heads x (64 + 64) values x 2 bytes x 16 tokens.
        Assert.Equal(6 * 2 * 128 * 2 * 16, plan.KvBytesPerBlock);
        Assert.Equal(4 * 64, plan.BlockCount);
        Assert.Equal(new FileInfo(path).Length, plan.WeightBytes);
        Assert.True(plan.Fits);
        MemoryPlan ungrouped = InferenceEngine.PlanMemory(path, new InferenceOptions { GroupedHeads = false });
        Assert.Equal(2 * plan.KvBytesPerBlock, ungrouped.KvBytesPerBlock); // 4 query heads instead of 2
    }

    [Fact]
    public void A_plan_that_cannot_fit_is_refused_with_what_it_needs_and_one_that_nearly_fits_holds_less()
    {
        Core.Models.ModelArchitecture architecture = Core.Gguf.GgufArchitectureReader.Read(SharedFolder.Require(EngineRunner.Tales));
        InferenceOptions options = new() { MaxBatchSize = 16, MaxSequenceTokens = 1024 };
        MemoryPlan roomy = MemoryPlan.Make(architecture, 11_000_000, options, 10_000_000_000);
        Assert.Equal(roomy.WantedBlocks, roomy.BlockCount);
        MemoryPlan tight = MemoryPlan.Make(architecture, 11_000_000, options, (long)((roomy.TotalBytes - (roomy.KvBytes / 2)) / 0.9) + 1);
        Assert.True(tight.Fits);
        Assert.InRange(tight.BlockCount, tight.LeastBlocks, (roomy.BlockCount / 2) + 1);
        MemoryPlan none = MemoryPlan.Make(architecture, 11_000_000, options, 12_000_000);
        InferometerException error = Assert.Throws<InferometerException>(none.RequireFit);
        Assert.Contains("free", error.Message, StringComparison.Ordinal);
        MemoryPlan asked = MemoryPlan.Make(architecture, 11_000_000, options with { KvMemoryBytes = 9_000_000_000 }, 1_000_000_000);
        Assert.Throws<InferometerException>(asked.RequireFit); // a size asked for is not quietly reduced
    }
}
