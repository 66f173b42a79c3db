using Inferometer.Inference.Engine;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>Files as other programs write them, run to the answer that is known.</summary>
public sealed class StoredFormatTests
{
    [Fact]
    public async Task One_model_in_every_block_format_gives_the_same_answer()
    {
        string[] files = Directory.GetFiles(SharedFolder.Require("cases/quant_types"), "*.gguf");
        Assert.NotEmpty(files);
        await AssertOkAsync(files);
    }

    [Fact]
    public Task A_split_model_is_run_whichever_part_is_named() => AssertOkAsync(
        SharedFolder.Require("cases/split/tiny-00001-of-00002.gguf"), SharedFolder.Require("cases/split/tiny-00002-of-00002.gguf"),
        SharedFolder.Require("cases/split/whole.gguf"));

    private static async Task AssertOkAsync(params string[] files)
    {
        foreach (string file in files)
        {
            await using InferenceEngine engine = InferenceEngine.Load(
                file, EngineRunner.Defaults with { MaxSequenceTokens = 64 }, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal((file, "OK"), (file, (await engine.RunAsync(EngineRunner.Greedy("a", 8))).Text));
        }
    }
}
