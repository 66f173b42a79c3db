using Inferometer.Compression.Cache;
using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;

namespace Inferometer.Compression.Tests.Engine;

/// <summary>The engine over a compressed cache: batching, prefix reuse, preemption and speculation must not notice.</summary>
public sealed class CompressedEngineTests
{
    private const string Prompt = "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: once or twice she had peeped into the book";
    private static readonly ExactWindow Short = new(4, 16);
    private static readonly InferenceOptions Plain = new() { MaxBatchSize = 4, MaxSequenceTokens = 256, MaxTokensPerStep = 64 };

    [Fact]
    public async Task Greedy_text_through_an_int8_cache_is_that_of_the_exact_one()
    {
        GenerationResult exact = await Generate(Plain, 96), compressed = await Generate(Compressed("q8"), 96);
        Assert.Equal(exact.TokenIds, compressed.TokenIds);
    }

    [Fact]
    public async Task Speculation_over_a_compressed_cache_changes_no_token()
    {
        GenerationResult plain = await Generate(Compressed("q8"), 96);
        GenerationResult speculated = await Generate(Compressed("q8") with { Speculation = new SpeculationOptions { DraftTokens = 4 } }, 96);
        Assert.Equal(plain.TokenIds, speculated.TokenIds);
    }

    [Fact]
    public async Task Requests_in_a_batch_and_a_reused_prefix_give_the_text_of_a_single_request()
    {
        await using InferenceEngine engine = InferenceEngine.Load(Tales.Folder, Compressed("q8"), null, TestContext.Current.CancellationToken);
        GenerationResult single = await engine.GenerateAsync(Request(64), TestContext.Current.CancellationToken);
        GenerationResult[] batch = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => engine.GenerateAsync(Request(64), TestContext.Current.CancellationToken)));
        Assert.All(batch, each => Assert.Equal(single.TokenIds, each.TokenIds));
        Assert.Contains(batch, each => each.Usage.CachedPromptTokens > 0);
        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
    }

    [Fact]
    public async Task Sequences_that_are_preempted_finish_with_the_same_text()
    {
        GenerationResult expected = await Generate(Compressed("q8"), 96);
        InferenceOptions options = Compressed("q8");
        long perBlock = options.KvCompression!.BytesPerBlock(Core.Models.HuggingFaceConfigReader.Read(Tales.Folder));
        long fixedBytes = options.KvCompression.FixedBytes(Core.Models.HuggingFaceConfigReader.Read(Tales.Folder), options.MaxBatchSize, options.MaxTokensPerStep);
        await using InferenceEngine engine = InferenceEngine.Load(
            Tales.Folder, options with { KvMemoryBytes = fixedBytes + 20 * perBlock, PrefixCache = false }, null, TestContext.Current.CancellationToken);
        GenerationResult[] batch = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => engine.GenerateAsync(Request(96), TestContext.Current.CancellationToken)));
        Assert.True(engine.Statistics.Preemptions > 0, "20 blocks are too few for four sequences of ten");
        Assert.All(batch, each => Assert.Equal(expected.TokenIds, each.TokenIds));
    }

    [Fact]
    public async Task A_compressed_cache_holds_more_blocks_in_the_same_memory()
    {
        InferenceOptions sized = Plain with { KvMemoryBytes = 20_000_000 };
        await using InferenceEngine exact = InferenceEngine.Load(Tales.Folder, sized, null, TestContext.Current.CancellationToken);
        await using InferenceEngine compressed = InferenceEngine.Load(
            Tales.Folder, sized with { KvCompression = KvCacheSetting.Parse("q4", null, Short) }, null, TestContext.Current.CancellationToken);
        Assert.InRange((double)compressed.MemoryPlan.BlockCount / exact.MemoryPlan.BlockCount, 3.0, 3.56);
        Assert.InRange(compressed.MemoryPlan.KvBytes, 19_900_000, 20_000_000);
    }

    [Fact]
    public void Options_that_a_compressed_cache_cannot_serve_are_refused()
    {
        Assert.Contains("FlashAttention", Assert.Throws<InferometerException>((Compressed("q8") with { FlashAttention = false }).Validate).Message, StringComparison.Ordinal);
        Assert.Throws<InferometerException>((Compressed("q8") with { GroupedHeads = false }).Validate);
        Assert.Throws<InferometerException>((Compressed("q8") with { KvCache = false }).Validate);
    }

    private static InferenceOptions Compressed(string setting) => Plain with { KvCompression = KvCacheSetting.Parse(setting, null, Short) };

    private static GenerationRequest Request(int tokens) => new() { Prompt = Prompt, MaxNewTokens = tokens, Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = true } };

    private static async Task<GenerationResult> Generate(InferenceOptions options, int tokens)
    {
        await using InferenceEngine engine = InferenceEngine.Load(Tales.Folder, options, null, TestContext.Current.CancellationToken);
        return await engine.GenerateAsync(Request(tokens), TestContext.Current.CancellationToken);
    }
}
