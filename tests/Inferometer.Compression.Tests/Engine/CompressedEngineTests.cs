using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Profiles;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;

namespace Inferometer.Compression.Tests.Engine;

/// <summary>The engine over a compressed cache: batching, prefix reuse, preemption and speculation must not notice.</summary>
public sealed class CompressedEngineTests(Tales tales) : IClassFixture<Tales>, IDisposable
{
    /// <summary>Stands for a profile in test data: pairs of heads that share latents, all of them kept in f16.</summary>
    private const string Pairs = "pairs";

    private const string Prompt =
        "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: "
        + "once or twice she had peeped into the book";
    private static readonly ExactWindow Short = new(4, 16);
    private readonly string _folder = Directory.CreateTempSubdirectory("compressed-engine").FullName;
    private static readonly InferenceOptions Plain = new() { MaxBatchSize = 4, MaxSequenceTokens = 256, MaxTokensPerStep = 64 };

    [Theory]
    [InlineData("q8")]
    [InlineData(Pairs)]
    public async Task Greedy_text_through_a_compressed_cache_is_that_of_the_exact_one(string setting)
    {
        GenerationResult exact = await Generate(Plain, 96), compressed = await Generate(Compressed(setting), 96);
        Assert.Equal(exact.TokenIds, compressed.TokenIds);
    }

    [Theory]
    [InlineData("q8")]
    [InlineData(Pairs)]
    public async Task Speculation_over_a_compressed_cache_changes_no_token(string setting)
    {
        GenerationResult plain = await Generate(Compressed(setting), 96);
        GenerationResult speculated = await Generate(
            Compressed(setting) with { Speculation = new SpeculationOptions { DraftTokens = 4 } }, 96);
        Assert.Equal(plain.TokenIds, speculated.TokenIds);
    }

    [Theory]
    [InlineData("q8")]
    [InlineData(Pairs)]
    public async Task Drafts_of_another_model_are_verified_over_a_compressed_cache_and_rejected_ones_leave_no_trace(string setting)
    {
        // The model drafts for itself: what it drafts over an exact cache is mostly, but not always, what it draws over a compressed one.
        GenerationResult plain = await Generate(Compressed(setting), 96);
        InferenceOptions speculating =
            Compressed(setting) with { Speculation = new SpeculationOptions { DraftModelPath = Tales.Folder, DraftTokens = 6 } };
        Assert.Equal(plain.TokenIds, (await Generate(speculating, 96)).TokenIds);
    }

    [Theory]
    [InlineData("q8")]
    [InlineData(Pairs)]
    public async Task Beams_over_a_compressed_cache_are_those_of_the_exact_one(string setting)
    {
        BeamSearchRequest request = new() { Prompt = Prompt, BeamWidth = 3, MaxNewTokens = 40 };
        IReadOnlyList<BeamHypothesis> exact = await Beams(Plain, request), compressed = await Beams(Compressed(setting), request);
        Assert.Equal(exact[0].TokenIds, compressed[0].TokenIds);
        Assert.Equal(exact[0].LogProbability, compressed[0].LogProbability, 0.05);

        // Where beams part they copy blocks, exact ones and compressed ones; the same search with too little memory for all beams gives the
        // same.
        InferenceOptions tight = Compressed(setting);
        ModelArchitecture architecture = HuggingFaceConfigReader.Read(Tales.Folder);
        long fixedBytes = tight.KvCompression!.FixedBytes(architecture, tight.MaxBatchSize, tight.MaxTokensPerStep);
        IReadOnlyList<BeamHypothesis> preempted = await Beams(
            tight with { KvMemoryBytes = fixedBytes + 15 * tight.KvCompression.BytesPerBlock(architecture), PrefixCache = false }, request);
        Assert.Equal(compressed[0].TokenIds, preempted[0].TokenIds);
    }

    [Theory]
    [InlineData("q8")]
    [InlineData(Pairs)]
    public async Task Requests_in_a_batch_and_a_reused_prefix_give_the_text_of_a_single_request(string setting)
    {
        await using InferenceEngine engine = InferenceEngine.Load(
            Tales.Folder, Compressed(setting), null, TestContext.Current.CancellationToken);
        GenerationResult single = await engine.GenerateAsync(Request(64), TestContext.Current.CancellationToken);
        GenerationResult[] batch = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(_ => engine.GenerateAsync(Request(64), TestContext.Current.CancellationToken)));
        Assert.All(batch, each => Assert.Equal(single.TokenIds, each.TokenIds));
        Assert.Contains(batch, each => each.Usage.CachedPromptTokens > 0);
        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
    }

    [Theory]
    [InlineData("q8")]
    [InlineData(Pairs)]
    public async Task Sequences_that_are_preempted_finish_with_the_same_text(string setting)
    {
        GenerationResult expected = await Generate(Compressed(setting), 96);
        InferenceOptions options = Compressed(setting);
        long perBlock = options.KvCompression!.BytesPerBlock(HuggingFaceConfigReader.Read(Tales.Folder));
        long fixedBytes = options.KvCompression.FixedBytes(
            HuggingFaceConfigReader.Read(Tales.Folder), options.MaxBatchSize, options.MaxTokensPerStep);
        await using InferenceEngine engine = InferenceEngine.Load(
            Tales.Folder, options with { KvMemoryBytes = fixedBytes + 20 * perBlock, PrefixCache = false }, null,
            TestContext.Current.CancellationToken);
        GenerationResult[] batch = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => engine.GenerateAsync(Request(96), TestContext.Current.CancellationToken)));
        Assert.True(engine.Statistics.Preemptions > 0, "20 blocks are too few for four sequences of ten");
        Assert.All(batch, each => Assert.Equal(expected.TokenIds, each.TokenIds));
    }

    [Fact]
    public async Task A_compressed_cache_holds_more_blocks_in_the_same_memory()
    {
        InferenceOptions sized = Plain with { KvMemoryBytes = 20_000_000 };
        await using InferenceEngine exact = InferenceEngine.Load(Tales.Folder, sized, null, TestContext.Current.CancellationToken);
        await using InferenceEngine compressed = InferenceEngine.Load(
            Tales.Folder, sized with { KvCompression = KvCacheSetting.Parse("q4", null, Short) }, null,
            TestContext.Current.CancellationToken);
        Assert.InRange((double)compressed.MemoryPlan.BlockCount / exact.MemoryPlan.BlockCount, 3.0, 3.56);
        Assert.InRange(compressed.MemoryPlan.KvBytes, 19_900_000, 20_000_000);
    }

    [Fact]
    public void Options_that_a_compressed_cache_cannot_serve_are_refused()
    {
        Assert.Contains(
            "FlashAttention", Assert.Throws<InferometerException>((Compressed("q8") with { FlashAttention = false }).Validate).Message,
            StringComparison.Ordinal);
        Assert.Throws<InferometerException>((Compressed("q8") with { GroupedHeads = false }).Validate);
        Assert.Throws<InferometerException>((Compressed("q8") with { KvCache = false }).Validate);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private InferenceOptions Compressed(string setting) =>
        Plain with { KvCompression = KvCacheSetting.Parse(setting is Pairs ? PairsProfile() : setting, null, Short) };

    private string PairsProfile()
    {
        string path = Path.Combine(_folder, "pairs.kvprofile");
        if (!File.Exists(path))
        {
            ModelBases bases = tales.Bases(256, 4, headGroupSize: 2);
            new CompressionProfile
            {
                Method = "test",
                Fingerprint = ModelFingerprint.Of(tales.Model),
                CalibrationText = "calibration.txt",
                CalibrationTokens = 1024,
                HoldOutText = "none",
                Bases = bases,
                Levels = [new ProfileLevel("med", 0.01, LatentAllocation.Fixed(bases, 64, 64, 16), new ProfileLoss(0, 0, 1, 0, 1))],
            }.Save(path);
        }

        return path;
    }

    private static async Task<IReadOnlyList<BeamHypothesis>> Beams(InferenceOptions options, BeamSearchRequest request)
    {
        await using InferenceEngine engine = InferenceEngine.Load(Tales.Folder, options, null, TestContext.Current.CancellationToken);
        IReadOnlyList<BeamHypothesis> beams = await engine.BeamSearchAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
        return beams;
    }

    private static GenerationRequest Request(int tokens) =>
        new() { Prompt = Prompt, MaxNewTokens = tokens, Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = true } };

    private static async Task<GenerationResult> Generate(InferenceOptions options, int tokens)
    {
        await using InferenceEngine engine = InferenceEngine.Load(Tales.Folder, options, null, TestContext.Current.CancellationToken);
        return await engine.GenerateAsync(Request(tokens), TestContext.Current.CancellationToken);
    }
}
