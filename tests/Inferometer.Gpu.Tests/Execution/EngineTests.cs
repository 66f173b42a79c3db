using System.Runtime.CompilerServices;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.Scheduling;
using Inferometer.Tests;

namespace Inferometer.Gpu.Tests.Execution;

/// <summary>
/// The engine over the emulated GPU: batching, prefix reuse and preemption change no token, and tokens are the right ones.
/// </summary>
public sealed class EngineTests
{
    private const string Stories = "models/stories260k/stories260k-f32.gguf";

    private const string Tales = "models/tales-5m/tales-5m-q8_0.gguf"; // whose heads are wide enough for a cache of bytes

    private static readonly InferenceOptions Defaults = new() { MaxBatchSize = 8, MaxSequenceTokens = 256 };

    private static readonly string[] Prompts =
    [
        "Once upon a time there was a little girl who",
        "The dog",
        "Once upon a time there was a little girl who had a red ball and",
        "Tim and Sue went to the park. They saw a big tree and a",
    ];

    private static readonly Lazy<Task<IReadOnlyList<int>[]>> Expected = new(() => RunAllAsync(Defaults));

    private static readonly Lazy<Task<IReadOnlyList<int>[]>> ExpectedOverBytes =
        new(() => RunAllAsync(Defaults with { KvCompression = new ByteCache() }, model: Tales));

    /// <summary>Lets the emulation stand in for a card in this process.</summary>
    [ModuleInitializer]
    internal static void Emulate() => Environment.SetEnvironmentVariable(GpuRunnerProvider.EmulationVariable, "emulated");

    [Theory]
    [InlineData("models/stories260k")]
    [InlineData("models/tales-5m")]
    public async Task Greedy_tokens_are_those_of_the_double_precision_reference(string folder)
    {
        using JsonDocument reference = JsonDocument.Parse(
            await File.ReadAllBytesAsync(SharedFolder.Require(folder + "/reference.json"), TestContext.Current.CancellationToken));
        await using InferenceEngine engine = Start(folder, Defaults);
        foreach (JsonElement item in reference.RootElement.GetProperty("cases").EnumerateArray().Take(3))
        {
            int[] expected = [.. item.GetProperty("greedy_ids").EnumerateArray().Select(e => e.GetInt32()).Take(24)];
            int[] prompt = [.. item.GetProperty("prompt_ids").EnumerateArray().Select(e => e.GetInt32())];
            GenerationResult result = await engine.GenerateAsync(
                new GenerationRequest
                {
                    PromptTokens = prompt,
                    MaxNewTokens = expected.Length,
                    Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = false },
                },
                TestContext.Current.CancellationToken);
            Assert.Equal(expected.Take(result.TokenIds.Count), result.TokenIds);
            Assert.True(result.TokenIds.Count == expected.Length || result.FinishReason == FinishReason.Stop);
        }
    }

    [Theory]
    [InlineData("one at a time")]
    [InlineData("static batches")]
    [InlineData("no prefix cache")]
    [InlineData("small chunks")]
    [InlineData("whole prompts")]
    [InlineData("no KV cache")]
    [InlineData("little memory")]
    [InlineData("prompt lookup")]
    [InlineData("on the processor")]
    public async Task Greedy_tokens_are_the_same_whichever_way_they_are_batched(string variant)
    {
        IReadOnlyList<int>[] expected = await Expected.Value;
        IReadOnlyList<int>[] actual = await RunAllAsync(variant switch
        {
            "one at a time" => Defaults with { Batching = BatchingMode.Off },
            "static batches" => Defaults with { Batching = BatchingMode.Static, MaxBatchSize = 3 },
            "no prefix cache" => Defaults with { PrefixCache = false },
            "small chunks" => Defaults with { MaxTokensPerStep = 5 },
            "whole prompts" => Defaults with { ChunkedPrefill = false, MaxTokensPerStep = 16 },
            "no KV cache" => Defaults with { KvCache = false },
            "prompt lookup" => Defaults with { Speculation = new SpeculationOptions() },
            "on the processor" => Defaults,
            _ => Defaults with { KvMemoryBytes = 7 * PagedKvCache.BytesPerBlock(Architecture()) },
        }, variant is not "on the processor", mustPreempt: variant is "little memory");
        Assert.Equal(expected, actual);
    }

    /// <summary>Over bytes texts may differ from those over half precision, but not with how they are batched.</summary>
    [Theory]
    [InlineData("one at a time")]
    [InlineData("no prefix cache")]
    [InlineData("small chunks")]
    [InlineData("little memory")]
    public async Task Over_a_cache_of_bytes_batching_changes_no_token_either(string variant)
    {
        InferenceOptions bytes = Defaults with { KvCompression = new ByteCache() };
        IReadOnlyList<int>[] expected = await ExpectedOverBytes.Value;
        IReadOnlyList<int>[] actual = await RunAllAsync(
            variant switch
            {
                "one at a time" => bytes with { Batching = BatchingMode.Off },
                "no prefix cache" => bytes with { PrefixCache = false },
                "small chunks" => bytes with { MaxTokensPerStep = 5 },
                _ => bytes with { KvMemoryBytes = 7 * ByteCache.BytesOf(Architecture(Tales)) },
            },
            mustPreempt: variant is "little memory", model: Tales);
        Assert.Equal(expected, actual);
    }

    // 80 tokens; a whole row is read where candidates cannot tell, or where all tokens may be chosen.
    [Theory]
    [InlineData("top-p", 4)]
    [InlineData("top-k", 0)]
    [InlineData("min-p and penalties", 4)]
    [InlineData("log-probabilities", 0)]
    [InlineData("all tokens", 80)]
    public async Task Sampled_tokens_are_those_of_the_processor_and_rows_stay_on_the_device(string kind, int mostRows)
    {
        SamplingOptions sampling = kind switch
        {
            "top-p" => new() { Temperature = 0.8f, Seed = 3, TopP = 0.9f },
            "top-k" => new() { Temperature = 1.2f, Seed = 4, TopK = 40 },
            "min-p and penalties" => new() { Seed = 5, MinP = 0.05f, RepetitionPenalty = 1.1f, PresencePenalty = 0.2f },
            "log-probabilities" => SamplingOptions.Greedy with { TopLogProbabilities = 5 },
            _ => new() { Temperature = 0.8f, Seed = 3 },
        };
        CountingProvider counting = new(GpuRunnerProvider.Find());
        Assert.Equal(
            await RunAllAsync(Defaults, onGpu: false, sampling),
            await RunAllAsync(Defaults with { Device = counting }, onGpu: true, sampling));
        Assert.InRange(counting.RowsFetched, kind is "all tokens" ? 1 : 0, mostRows);
        Assert.True(counting.CandidatesFetched >= 60);
    }

    [Fact]
    public async Task Embeddings_are_those_of_the_processor()
    {
        await using InferenceEngine gpu = Start(Stories, Defaults), cpu = Start(Stories, Defaults, onGpu: false);
        float[] expected = await cpu.EmbedAsync("a red ball", cancellationToken: TestContext.Current.CancellationToken);
        float[] actual = await gpu.EmbedAsync("a red ball", cancellationToken: TestContext.Current.CancellationToken);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-3);
        }
    }

    [Fact]
    public void What_the_gpu_lacks_is_refused_by_name()
    {
        string path = SharedFolder.Require(Stories);
        Refused(Defaults with { KvElement = KvElement.F32 }, "keys and values as F32");
        Refused(Defaults with { KvCompression = new ByteCache(4) }, "'q4'");
        Refused(Defaults with { KvCompression = new ByteCache() }, "8-bit cache for heads 8 wide");
        Refused(Defaults with { FlashAttention = false }, "whole rows of scores");
        Refused(Defaults with { Threads = 2 }, "--threads");
        Assert.Contains(
            "no NVIDIA GPU", Assert.Throws<InferometerException>(() => GpuRunnerProvider.Find(1)).Message, StringComparison.Ordinal);

        void Refused(InferenceOptions options, string what) => Assert.Contains(
            what,
            Assert.Throws<InferometerException>(() => InferenceEngine.Load(
                path, options with { Device = GpuRunnerProvider.Find() },
                cancellationToken: TestContext.Current.CancellationToken)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Loading_stops_when_it_is_cancelled() => Assert.ThrowsAny<OperationCanceledException>(() => InferenceEngine.Load(
        SharedFolder.Require(Stories), Defaults with { Device = GpuRunnerProvider.Find() },
        cancellationToken: new CancellationToken(true)));

    private static Core.Models.ModelArchitecture Architecture(string model = Stories) =>
        Core.Gguf.GgufArchitectureReader.Read(SharedFolder.Require(model));

    private static InferenceEngine Start(string model, InferenceOptions options, bool onGpu = true) => InferenceEngine.Load(
        SharedFolder.Require(model),
        onGpu ? options with { Device = options.Device ?? GpuRunnerProvider.Find() } : options with { Threads = 1 },
        cancellationToken: TestContext.Current.CancellationToken);

    private static async Task<IReadOnlyList<int>[]> RunAllAsync(
        InferenceOptions options, bool onGpu = true, SamplingOptions? sampling = null, bool mustPreempt = false,
        string model = Stories)
    {
        await using InferenceEngine engine = Start(model, options, onGpu);
        GenerationResult[] results = await Task.WhenAll(Prompts.Select(prompt => engine.GenerateAsync(
            new GenerationRequest { Prompt = prompt, MaxNewTokens = 20, Sampling = sampling ?? SamplingOptions.Greedy },
            TestContext.Current.CancellationToken)));
        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
        Assert.True(!mustPreempt || engine.Statistics.Preemptions > 0, "nothing was preempted");
        return [.. results.Select(result => result.TokenIds)];
    }
}
