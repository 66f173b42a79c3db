using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Generation;
using Inferometer.Scheduling;
using Inferometer.Serving;

namespace Inferometer.Inference.Engine;

/// <summary>
/// The one configuration of the engine. Layers, heads and key/value heads come from the model; every optimisation has a switch, so
/// that its effect can be measured by running without it.
/// </summary>
public sealed record InferenceOptions
{
    /// <summary>For models of 1 to 3 billion parameters: 16 sequences of 2048 tokens.</summary>
    public static InferenceOptions Small { get; } = new() { MaxBatchSize = 16, MaxSequenceTokens = 2048 };

    /// <summary>For models around 7 billion parameters: 8 sequences of 4096 tokens.</summary>
    public static InferenceOptions Medium { get; } = new() { MaxBatchSize = 8, MaxSequenceTokens = 4096 };

    /// <summary>For models of 13 billion parameters and more: 4 sequences of 8192 tokens.</summary>
    public static InferenceOptions Large { get; } = new() { MaxBatchSize = 4, MaxSequenceTokens = 8192 };

    /// <summary>Sequences running at once.</summary>
    public int MaxBatchSize { get; init; } = 16;

    /// <summary>Longest sequence, prompt and output together, tokens; cut to what the model was made for.</summary>
    public int MaxSequenceTokens { get; init; } = 4096;

    /// <summary>Tokens computed in one step over all sequences.</summary>
    public int MaxTokensPerStep { get; init; } = 512;

    /// <summary>Requests that may wait beyond those for which there are free places; further ones are rejected.</summary>
    public int MaxQueueLength { get; init; } = 10_000;

    /// <summary>
    /// Attention in tiles with an online softmax; off: whole rows of scores are stored, and each query head reads keys and values by
    /// itself.
    /// </summary>
    public bool FlashAttention { get; init; } = true;

    /// <summary>Query heads of a group read one shared key/value head; off: the cache holds a copy per query head.</summary>
    public bool GroupedHeads { get; init; } = true;

    /// <summary>Keys and values are kept between steps; off: every step computes each sequence from its first token.</summary>
    public bool KvCache { get; init; } = true;

    /// <summary>Cached prefixes are reused between requests.</summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>How requests are batched.</summary>
    public BatchingMode Batching { get; init; } = BatchingMode.Continuous;

    /// <summary>Prompts are cut to fill the step's token budget beside decoding sequences.</summary>
    public bool ChunkedPrefill { get; init; } = true;

    /// <summary>How embeddings are pooled; null = as the model's files say, else the mean of all tokens.</summary>
    public EmbeddingPooling? Pooling { get; init; }

    /// <summary>Makes the runner, on another device than the processor; null = the processor.</summary>
    public IRunnerProvider? Device { get; init; }

    /// <summary>Worker threads; 0 = as many as the machine has processors.</summary>
    public int Threads { get; init; }

    /// <summary>Number format of cached keys and values.</summary>
    public KvElement KvElement { get; init; } = KvElement.F16;

    /// <summary>Makes a cache of another kind, such as one that stores aged blocks compressed; null = the exact one.</summary>
    public IKvCacheProvider? KvCompression { get; init; }

    /// <summary>
    /// Bytes for keys and values; null = enough for <see cref="MaxBatchSize"/> sequences of full length, or as much of it as is free.
    /// </summary>
    public long? KvMemoryBytes { get; init; }

    /// <summary>Speculative decoding; null = off.</summary>
    public SpeculationOptions? Speculation { get; init; }

    /// <summary>What is kept of requests for <see cref="InferenceEngine.ServingReportAsync"/>.</summary>
    public ServingRecorderOptions Recording { get; init; } = ServingRecorderOptions.Bounded;

    /// <summary>Read every weight once and refuse files that hold NaN or infinity.</summary>
    public bool CheckWeights { get; init; } = true;

    /// <summary>What to do about the file of repacked weights beside the model, see <see cref="LoadOptions.RepackedFile"/>.</summary>
    public RepackedFileUse RepackedFile { get; init; } = RepackedFileUse.Read;

    /// <summary>
    /// Steps in which quantised weights are repacked while they are in use, see <see cref="LoadOptions.RepackingSteps"/>; 0 = when the
    /// model is loaded, as always where less than twice the weights' memory is free, so that their file would not stay in memory until
    /// then.
    /// </summary>
    public int RepackingSteps { get; init; } = 1;

    /// <summary>Checks every value.</summary>
    /// <exception cref="InferometerException">A value is out of range or two contradict each other; the message names them.</exception>
    public void Validate()
    {
        RequirePositive(MaxBatchSize, nameof(MaxBatchSize));
        RequirePositive(MaxSequenceTokens, nameof(MaxSequenceTokens));
        RequirePositive(MaxTokensPerStep, nameof(MaxTokensPerStep));
        RequirePositive(MaxQueueLength, nameof(MaxQueueLength));
        if (RepackingSteps is < 0 or > 1000)
        {
            throw new InferometerException(
                $"options: {nameof(RepackingSteps)} is {RepackingSteps}; allowed is 0 (when the model is loaded) to 1000.");
        }

        if (Threads is < 0 or > 1024)
        {
            throw new InferometerException($"options: {nameof(Threads)} is {Threads}; allowed is 0 (all processors) to 1024.");
        }

        if (KvMemoryBytes is <= 0)
        {
            throw new InferometerException($"options: {nameof(KvMemoryBytes)} is {KvMemoryBytes}; allowed is 1 or more, or null.");
        }

        if (KvCompression is not null && !(KvCache && FlashAttention && GroupedHeads))
        {
            throw new InferometerException(
                $"options: {nameof(KvCompression)} '{KvCompression.Name}' needs {nameof(KvCache)}, {nameof(FlashAttention)} and "
                    + $"{nameof(GroupedHeads)}; turn them on or leave it out.");
        }

        Recording.Validate();
        Speculation?.Validate();
        if (!KvCache && Speculation?.DraftModelPath is not null)
        {
            throw new InferometerException(
                $"options: {nameof(Speculation)} with a draft model needs {nameof(KvCache)}; turn one of them off.");
        }
    }

    /// <summary>
    /// The options a model is run with. Tokens of an encoder see those behind them, so that a text is computed in one piece, and its keys
    /// and values serve one layer at a time: nothing is kept that a prefix or a smaller format would save.
    /// </summary>
    internal InferenceOptions For(ModelArchitecture model) => model.IsEncoder
        ? this with { ChunkedPrefill = false, PrefixCache = false, KvCache = true, KvElement = KvElement.F32 }
        : this;

    internal ForwardOptions ToForwardOptions() => new() { FlashAttention = FlashAttention, GroupedHeads = GroupedHeads };

    internal SchedulerOptions ToSchedulerOptions(int contextTokens) => new()
    {
        MaxTokensPerStep = MaxTokensPerStep,
        MaxSequences = MaxBatchSize,
        MaxSequenceTokens = Math.Min(MaxSequenceTokens, contextTokens),
        MaxQueueLength = MaxQueueLength,
        Batching = Batching,
        ChunkedPrefill = ChunkedPrefill,
        KeepKeysAndValues = KvCache,
    };

    private static void RequirePositive(int value, string name)
    {
        if (value < 1)
        {
            throw new InferometerException($"options: {name} is {value}; allowed is 1 or more.");
        }
    }
}
