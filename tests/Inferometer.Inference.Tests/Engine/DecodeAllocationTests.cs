using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.ReferenceModels;
using Inferometer.Runners;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>
/// Bytes allocated per decoded token. What is left out, because it comes to an end: arrays that double as a sequence grows (at 256 tokens
/// beyond the prompt, then at twice that; the windows measured lie between two doublings), the string of a token's text when it is first
/// chosen, and tokens that are no whole characters, of which every one makes a string. Alone in the process, so that the whole process's
/// count is theirs.
/// </summary>
[Collection(nameof(Alone))]
public sealed class DecodeAllocationTests : IDisposable
{
    private const int WarmUpTokens = 300;
    private const int WindowTokens = 20;
    private const int Windows = 8; // so that not all of them hold something of the runtime's or the test runner's
    private const int PromptTokens = 8;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(GgmlType.Q4_0)]
    [InlineData(GgmlType.Q4_K)]
    [InlineData(GgmlType.Q6_K)]
    [InlineData(GgmlType.Q3_K)]
    [InlineData(GgmlType.IQ4_XS)]
    [InlineData(GgmlType.Q8_0)]
    [InlineData(GgmlType.F16)]
    [InlineData(GgmlType.F32)]
    public void A_forward_step_that_decodes_allocates_nothing_on_any_thread(GgmlType type)
    {
        using TransformerModel model = TransformerModel.Load(
            Synthesise(type), new LoadOptions { Threads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        using PagedKvCache cache = model.CreateCache(32);
        ForwardBatch batch = new();
        int[] tokens = [5];
        int[] blocks = [.. Enumerable.Range(0, 32)];
        float[] logits = new float[model.Architecture.VocabularySize];
        int past = 0;
        Decode(WarmUpTokens);
        Assert.Equal(0, LeastOf(() => Decode(WindowTokens), () => GC.GetTotalAllocatedBytes(precise: true)));

        void Decode(int count)
        {
            for (int i = 0; i < count; i++)
            {
                batch.Clear();
                batch.Add(tokens, past++, blocks);
                model.Forward(batch, cache, logits);
            }
        }
    }

    public static TheoryData<string> Samplings => ["greedy", "sampled", "stops"];

    [Theory]
    [MemberData(nameof(Samplings))]
    public void Planning_a_step_running_it_sampling_and_streaming_its_token_allocates_nothing(string sampling)
    {
        string path = Synthesise(GgmlType.Q8_0);
        using TransformerModel model =
            TransformerModel.Load(path, new LoadOptions { Threads = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        using PagedKvCache cache = model.CreateCache(40);
        Tokenizer tokenizer = GgufTokenizer.Load(GgufHeader.Read(path));
        GenerationRequest request = new()
        {
            PromptTokens = Enumerable.Range(10, PromptTokens).ToArray(),
            Sampling = Options(sampling, tokenizer),
        };
        SamplerState state = new(request.Sampling, request.PromptTokens.Span, tokenizer, null, 600, 1);
        GenerationSession session = new(request, state, new Sampler(tokenizer.VocabularySize), tokenizer, null);
        Scheduler scheduler =
            new(new SchedulerOptions { MaxSequenceTokens = 600 },
                new BlockPool(new BlockPoolOptions { BlockCount = 40, BlockSize = 16, PrefixCaching = true }), TimeProvider.System);
        ModelStepExecutor executor =
            new(new CpuModelRunner(model, cache), null, model.Architecture.VocabularySize); // model and cache are disposed of above
        Assert.True(
            scheduler.TrySubmit(
                new SequenceRequest { Prompt = request.PromptTokens, MaxNewTokens = 590, Owner = session }, out Sequence? sequence, out _));
        Decode(WarmUpTokens);
        long allocated = LeastOf(() => Decode(WindowTokens), GC.GetAllocatedBytesForCurrentThread);
        Assert.Equal(WarmUpTokens + (Windows * WindowTokens), sequence.GeneratedTokens);
        Assert.Equal(0, allocated);

        void Decode(int count)
        {
            for (int i = 0; i < count; i++)
            {
                scheduler.Step(executor, TestContext.Current.CancellationToken);
                while (session.Updates.TryRead(out _))
                {
                }
            }
        }
    }

    /// <summary>The same from outside: everything between two tokens that reach the caller, on all threads.</summary>
    [Theory]
    [MemberData(nameof(Samplings))]
    public async Task A_streamed_token_costs_no_allocation_from_prompt_to_caller(string sampling)
    {
        await using InferenceEngine engine = InferenceEngine.Load(
            Synthesise(GgmlType.Q8_0), new InferenceOptions { MaxBatchSize = 1, MaxSequenceTokens = 600, Threads = 2 },
                cancellationToken: TestContext.Current.CancellationToken);
        GenerationRequest request = new()
        {
            PromptTokens = Enumerable.Range(10, PromptTokens).ToArray(),
            MaxNewTokens = 590,
            Sampling = Options(sampling, engine.Tokenizer),
        };
        int tokens = 0;
        long start = 0, least = long.MaxValue;
        await foreach (GenerationUpdate update in engine.StreamAsync(request, TestContext.Current.CancellationToken))
        {
            tokens += update.TokenId is null ? 0 : 1;
            if (tokens >= WarmUpTokens && (tokens - WarmUpTokens) % WindowTokens == 0 && tokens <= WarmUpTokens + (Windows * WindowTokens))
            {
                long now = GC.GetTotalAllocatedBytes(precise: true);
                least = tokens == WarmUpTokens ? least : Math.Min(least, now - start);
                start = GC.GetTotalAllocatedBytes(precise: true);
            }
        }

        Assert.Equal(590, tokens);
        Assert.Equal(0, least);
    }

    private static SamplingOptions Options(string name, Tokenizer tokenizer)
    {
        // Asked of every token, so that all strings are there
        int[] parts = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id => tokenizer.WholeText(id) is null)];
        SamplingOptions common = new()
        {
            Seed = 1,
            IgnoreEndOfGeneration = true,
            LogitBias = parts.ToDictionary(id => id, _ => float.NegativeInfinity),
        };
        return name switch
        {
            "greedy" => common with { Temperature = 0 },
            "sampled" => common with { Temperature = 0.9f, TopK = 40, TopP = 0.9f, MinP = 0.01f },
            _ => common with { Temperature = 0.8f, StopStrings = ["\u0001\u0002 never"] },
        };
    }

    private static long LeastOf(Action window, Func<long> allocated)
    {
        long least = long.MaxValue;
        for (int i = 0; i < Windows; i++)
        {
            long before = allocated();
            window();
            least = Math.Min(least, allocated() - before);
        }

        return least;
    }

    private string Synthesise(GgmlType type)
    {
        string path = Path.Combine(_folder.Path, type + ".gguf");
        SyntheticShape shape = new()
        {
            HiddenSize = 256,
            Layers = 2,
            Heads = 4,
            KvHeads = 2,
            FeedForwardSize = 512,
            VocabularySize = 300,
            ContextTokens = 1024,
        };
        SyntheticModel.Write(path, shape, type, 1, cancellationToken: TestContext.Current.CancellationToken);
        return path;
    }
}

/// <summary>Tests that must have the process to themselves.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
