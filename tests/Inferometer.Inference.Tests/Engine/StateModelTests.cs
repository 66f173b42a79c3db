using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ReferenceModels;
using Inferometer.Scheduling;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>
/// Models whose layers keep states, read the caches of others or cut attention into stretches: what the engine does to be fast changes no
/// token.
/// </summary>
public sealed class StateModelTests : IDisposable
{
    private const int NewTokens = 40;

    private readonly TemporaryFolder _folder = new();

    // Different lengths, borders of blocks included; the last two begin as others do.
    private static readonly int[][] s_prompts =
    [
        Prompt(3, 50), Prompt(5, 32), Prompt(7, 33), Prompt(11, 9), [.. Prompt(3, 50), 9, 8, 7, 6], [.. Prompt(3, 40), 1, 2, 3],
    ];

    private static readonly string[] s_stored = ["qwen3_next", "qwen3_5_text"];

    // Made here, with fewer tokens; the second name of a pair is that of a file.
    private static readonly string[] s_made = ["granitemoehybrid", "mamba2", "lfm2", "lfm2_moe", "gemma3n", "gemma4 small", "llama4"];

    private static readonly string[] s_files = ["qwen3_5_text.gguf", "granitemoehybrid.gguf", "lfm2.gguf", "gemma3n.gguf"];

    public static TheoryData<string> Models => [.. s_stored];

    public static TheoryData<string> All => [.. s_stored, .. s_made, .. s_files];

    public static TheoryData<string, string> Variants
    {
        get
        {
            TheoryData<string, string> data = [];
            string[] variants =
                ["together", "small chunks", "no prefix cache", "no KV cache", "little memory", "two threads", "static batches"];
            foreach (string model in s_stored.Concat(s_made).Concat(s_files))
            {
                // Recurrences alone have no pages of which there could be too few.
                foreach (string variant in variants.Where(variant => model is not "mamba2" || variant is not "little memory"))
                {
                    data.Add(model, variant);
                }
            }

            return data;
        }
    }

    private static InferenceOptions Alone =>
        EngineRunner.Defaults with { KvElement = KvElement.F32, Batching = BatchingMode.Off, PrefixCache = false };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task Greedy_tokens_are_those_of_each_request_alone(string model, string variant)
    {
        string path = Model(model);
        InferenceOptions options = EngineRunner.Defaults with { KvElement = KvElement.F32 };
        using var checkpoint = Checkpoint.Open(path);
        long perBlock = PagedKvCache.BytesPerBlock(checkpoint.Architecture, KvElement.F32);
        options = variant switch
        {
            "small chunks" => options with { MaxTokensPerStep = 7 },
            "no prefix cache" => options with { PrefixCache = false },
            "no KV cache" => options with { KvCache = false },
            "little memory" => options with { KvMemoryBytes = 13 * perBlock },
            "two threads" => options with { Threads = 2 },
            "static batches" => options with { Batching = BatchingMode.Static, MaxBatchSize = 3 },
            _ => options,
        };
        IReadOnlyList<int>[] expected = await RunAllAsync(path, Alone);
        await using InferenceEngine engine = InferenceEngine.Load(path, options, cancellationToken: TestContext.Current.CancellationToken);

        // How many requests run at once depends on how fast they come; on a busy machine a round may pass without a preemption.
        int rounds = 0;
        do
        {
            GenerationResult[] results = await Task.WhenAll(s_prompts.Select(prompt => engine.RunAsync(Request(prompt))));
            Assert.Equal(expected, [.. results.Select(result => result.TokenIds)]);
        }
        while (variant is "little memory" && engine.Statistics.Preemptions == 0 && ++rounds < 10);
        Assert.True(rounds < 10, "the memory was not little enough to preempt anything");
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_prefix_that_is_reused_gives_the_tokens_of_a_fresh_one(string model)
    {
        string path = Model(model);
        IReadOnlyList<int>[] expected = await RunAllAsync(path, Alone);
        await using InferenceEngine engine = InferenceEngine.Load(
            path, EngineRunner.Defaults with { KvElement = KvElement.F32 }, cancellationToken: TestContext.Current.CancellationToken);
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < s_prompts.Length; i++)
            {
                GenerationResult result = await engine.RunAsync(Request(s_prompts[i]));
                Assert.Equal(expected[i], result.TokenIds);
            }
        }

        // The fifth prompt begins as the first one; the second round finds the last border before the end of the first, second, third and
        // fifth. (The sixth has the first one's blocks up to a border that no state was kept for; without states they are all found.)
        using var checkpoint = Checkpoint.Open(path);
        bool hasStates = PagedKvCache.BytesPerState(checkpoint.Architecture) > 0;
        Assert.Equal(hasStates ? 3 + (3 + 1 + 2 + 3) : 3 + 2 + (3 + 1 + 2 + 3 + 2), engine.Statistics.CacheHits);
    }

    [Fact]
    public async Task A_conversation_goes_on_from_the_state_behind_its_last_answer()
    {
        string path = Model("qwen3_5_text");
        await using InferenceEngine engine = InferenceEngine.Load(
            path, EngineRunner.Defaults with { KvElement = KvElement.F32 }, cancellationToken: TestContext.Current.CancellationToken);
        GenerationResult first = await engine.RunAsync(Request(s_prompts[0]));
        int[] second = [.. s_prompts[0], .. first.TokenIds, 4, 5, 6];
        GenerationResult reused = await engine.RunAsync(Request(second));
        await using InferenceEngine fresh = InferenceEngine.Load(path, Alone, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((await fresh.RunAsync(Request(second))).TokenIds, reused.TokenIds);

        // 50 + 40 tokens, of which the last was not computed: the last border behind them is at 80.
        Assert.Equal(80 / KvCache.BlockSize, engine.Statistics.CacheHits);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Beams_that_share_blocks_are_those_that_compute_everything_anew(string model)
    {
        string path = Model(model);
        InferenceOptions options = EngineRunner.Defaults with { KvElement = KvElement.F32 };
        await using InferenceEngine shared = InferenceEngine.Load(path, options, cancellationToken: TestContext.Current.CancellationToken);
        await using InferenceEngine anew = InferenceEngine.Load(
            path, options with { KvCache = false }, cancellationToken: TestContext.Current.CancellationToken);
        BeamSearchRequest request = new() { PromptTokens = s_prompts[0], BeamWidth = 4, MaxNewTokens = NewTokens };
        IReadOnlyList<BeamHypothesis> expected = await anew.BeamSearchAsync(request, TestContext.Current.CancellationToken);
        IReadOnlyList<BeamHypothesis> actual = await shared.BeamSearchAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected.Select(beam => beam.TokenIds), actual.Select(beam => beam.TokenIds));
    }

    [Fact]
    public void What_cannot_take_back_a_state_is_refused()
    {
        string path = Model("qwen3_next");
        InferometerException refusal = Assert.Throws<InferometerException>(
            () => InferenceEngine.Load(
                path, EngineRunner.Defaults with { Speculation = new SpeculationOptions() },
                cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("speculative decoding", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("keep a state", refusal.Message, StringComparison.Ordinal);
    }

    private static GenerationRequest Request(int[] prompt) =>
        new() { PromptTokens = prompt, MaxNewTokens = NewTokens, Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = true } };

    private static int[] Prompt(int seed, int length) =>
        [.. Enumerable.Range(0, length).Select(i => 3 + (((i * seed * 31) + (i * i)) % 75))];

    private static async Task<IReadOnlyList<int>[]> RunAllAsync(string path, InferenceOptions options)
    {
        await using InferenceEngine engine = InferenceEngine.Load(path, options, cancellationToken: TestContext.Current.CancellationToken);
        List<IReadOnlyList<int>> all = [];
        foreach (int[] prompt in s_prompts)
        {
            all.Add((await engine.RunAsync(Request(prompt))).TokenIds);
        }

        return [.. all];
    }

    private string Model(string name)
    {
        string family = Path.GetFileNameWithoutExtension(name), folder = s_stored.Contains(family) ? Stored(family) : Made(family);
        if (string.Equals(name, family, StringComparison.Ordinal))
        {
            return folder;
        }

        string file = Path.Combine(folder, "model.gguf");
        ModelConverter.Convert(folder, file, GgmlType.F32, null, TestContext.Current.CancellationToken);
        return file;
    }

    private string Made(string family)
    {
        string folder = GemmaSpec.All.TryGetValue(family, out GemmaSpec? gemma)
            ? new GemmaModel(gemma).WriteFolder(_folder)
            : new FamilyModel(FamilySpecs.All[family]).WriteFolder(_folder);
        string tokens = string.Join(',', Enumerable.Range(0, FamilySpec.Vocabulary).Select(i => $"\"t{i}\":{i}"));
        File.WriteAllText(
            Path.Combine(folder, "tokenizer.json"),
            "{\"version\":\"1.0\",\"added_tokens\":[],\"model\":{\"type\":\"BPE\",\"vocab\":{" + tokens + "},\"merges\":[]},"
                + "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},\"decoder\":{\"type\":\"ByteLevel\"}}");
        return folder;
    }

    private string Stored(string family)
    {
        string source = SharedFolder.Require("reference/hf_tiny/" + family), tokenizer = SharedFolder.Require("models/stories260k");
        string folder = _folder.Create(family);
        foreach (string file in (string[])[.. Directory.EnumerateFiles(source), Path.Combine(tokenizer, "tokenizer.json")])
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        return folder;
    }
}
