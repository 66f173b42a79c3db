using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>What the engine will hold in memory, worked out before anything is loaded, beside what is free.</summary>
public sealed record MemoryPlan
{
    /// <summary>Share of the free memory the plan may take; the rest is for the runtime and for others.</summary>
    private const double UsableShare = 0.9;

    /// <summary>
    /// States beside two for every sequence (the one it is at and the one it comes from): of prefixes that later requests can begin with.
    /// </summary>
    private const int SpareStates = 8;

    /// <summary>The model's file or name.</summary>
    public required string Source { get; init; }

    /// <summary>Weights, as stored in the file, those of a draft model included.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>One cache block over all layers.</summary>
    public required long KvBytesPerBlock { get; init; }

    /// <summary>Blocks that the options ask for.</summary>
    public required int WantedBlocks { get; init; }

    /// <summary>Blocks the engine will have: those wanted, or as many of them as there is memory for.</summary>
    public required int BlockCount { get; init; }

    /// <summary>Blocks that one sequence of full length takes: fewer than that is refused.</summary>
    public required int LeastBlocks { get; init; }

    /// <summary>Intermediate rows of the largest step.</summary>
    public required long ActivationBytes { get; init; }

    /// <summary>Tokens of the largest step.</summary>
    public required int StepTokens { get; init; }

    /// <summary>Logits of the largest step, and the sampler's scratch rows.</summary>
    public required long LogitBytes { get; init; }

    /// <summary>Memory that was free when the plan was made.</summary>
    public required long FreeBytes { get; init; }

    /// <summary>Bytes the cache takes whatever its number of blocks: the exact pages of a compressed one.</summary>
    public long KvFixedBytes { get; init; }

    /// <summary>States at once, of layers that keep one instead of keys and values; 0 where none does.</summary>
    public int StateSlots { get; init; }

    /// <summary>Bytes of all states.</summary>
    public long StateBytes { get; init; }

    /// <summary>Engines over the same weights; all but those is each one's own.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Keys and values of one engine.</summary>
    public long KvBytes => KvFixedBytes + (KvBytesPerBlock * BlockCount);

    /// <summary>Everything together, of all engines.</summary>
    public long TotalBytes => WeightBytes + (Replicas * (KvBytes + StateBytes + ActivationBytes + LogitBytes));

    /// <summary>Whether the engine can start.</summary>
    public bool Fits => BlockCount >= LeastBlocks && TotalBytes <= FreeBytes;

    /// <summary>Works out the plan.</summary>
    /// <param name="architecture">The model.</param>
    /// <param name="weightBytes">Size of its weights.</param>
    /// <param name="options">The engine's options.</param>
    /// <param name="freeBytes">Free memory, see <see cref="FreeMemory"/>.</param>
    /// <param name="draft">A draft model, whose cache has the same blocks, and the size of its weights.</param>
    /// <param name="replicas">Engines over the same weights, each with such a cache.</param>
    public static MemoryPlan Make(
        ModelArchitecture architecture, long weightBytes, InferenceOptions options, long freeBytes,
            (ModelArchitecture Architecture, long WeightBytes)? draft = null, int replicas = 1)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(options);
        options = options.For(architecture);
        int sequenceTokens = Math.Min(options.MaxSequenceTokens, architecture.MaxContextTokens);
        int perSequence = (sequenceTokens + PagedKvCache.BlockSize - 1) / PagedKvCache.BlockSize;
        long perBlock = options.KvCompression?.BytesPerBlock(architecture)
            ?? PagedKvCache.BytesPerBlock(architecture, options.KvElement, options.GroupedHeads);
        bool hasPages = perBlock > 0; // layers that keep a state alone have none
        perBlock = Math.Max(1, perBlock);
        perBlock += draft is { } d ? PagedKvCache.BytesPerBlock(d.Architecture, options.KvElement, options.GroupedHeads) : 0;
        int stepTokens = options.MaxTokensPerStep + (options.ChunkedPrefill && options.KvCache ? 0 : sequenceTokens);
        int promptRows = new SchedulerOptions().MaxPromptRowsPerStep; // of prompts whose own probabilities are asked for
        int logitRows = (options.MaxBatchSize * (1 + (options.Speculation?.DraftTokens ?? 0))) + promptRows;
        long fixedBytes = options.KvCompression?.FixedBytes(architecture, options.MaxBatchSize, stepTokens) ?? 0;
        long perState = PagedKvCache.BytesPerState(architecture);
        int states = perState > 0 ? (2 * options.MaxBatchSize) + SpareStates : 0;
        MemoryPlan plan = new()
        {
            Source = architecture.Source ?? architecture.Name,
            WeightBytes = weightBytes + (draft?.WeightBytes ?? 0),
            Replicas = replicas,
            KvBytesPerBlock = perBlock,
            KvFixedBytes = fixedBytes,
            StateSlots = states,
            StateBytes = states * perState,
            StepTokens = stepTokens,
            LeastBlocks = options.KvMemoryBytes is null ? perSequence : 1,
            WantedBlocks = (int)Math
                .Min(int.MaxValue / PagedKvCache.BlockSize,
                    options.KvMemoryBytes is { } bytes && hasPages
                        ? Math.Max(0, bytes - fixedBytes) / perBlock
                        : architecture.IsEncoder
                            ? (stepTokens / PagedKvCache.BlockSize) + options.MaxBatchSize // of a step alone
                            : (long)perSequence * options.MaxBatchSize),
            BlockCount = 0,
            ActivationBytes = TransformerModel.RequiredWorkspaceBytes(architecture, stepTokens),
            LogitBytes = !architecture.HasHead ? 0 : (logitRows + 3L) * architecture.VocabularySize * sizeof(float),
            FreeBytes = freeBytes,
        };
        long room = Math.Max(0, (long)(UsableShare * freeBytes) - plan.TotalBytes);
        int blocks = (int)Math.Min(plan.WantedBlocks, room / (perBlock * replicas));

        // A size that was asked for is given or refused, never quietly reduced.
        return plan with { BlockCount = options.KvMemoryBytes is null ? blocks : plan.WantedBlocks };
    }

    /// <summary>Throws when the engine cannot start with this plan.</summary>
    /// <exception cref="InferometerException">Says what is needed, what is free, and what would help.</exception>
    public void RequireFit()
    {
        if (Fits)
        {
            return;
        }

        long keysAndValues = Replicas * (KvFixedBytes + (KvBytesPerBlock * Math.Max(LeastBlocks, BlockCount)));
        long least = TotalBytes - (Replicas * KvBytes) + keysAndValues;
        throw new InferometerException(
            $"{Source}: needs at least {Told(least)} ({Told(WeightBytes)} weights, {Told(keysAndValues)} keys and "
                + $"values, {Told(Replicas * (ActivationBytes + LogitBytes))} activations), "
            + $"but {Told(FreeBytes)} are free. Shorter sequences, a smaller KV memory, {(Replicas > 1 ? "fewer replicas, " : "")}or "
            + "smaller weights (Q8_0, Q4_0) need less.");
    }

    /// <summary>One line per part.</summary>
    public override string ToString()
    {
        string held = string
            .Create(CultureInfo.InvariantCulture,
                $"{(long)BlockCount * PagedKvCache.BlockSize} tokens in {BlockCount} blocks of {PagedKvCache.BlockSize}");
        string reduced = BlockCount < WantedBlocks
            ? string.Create(CultureInfo.InvariantCulture, $" (of {(long)WantedBlocks * PagedKvCache.BlockSize} wanted)") : "";
        string[] states = StateSlots > 0
            ? [string.Create(CultureInfo.InvariantCulture, $"states       {Size(StateBytes)}  {StateSlots} of them")]
            : [];
        string[] each = Replicas > 1
            ? [string.Create(CultureInfo.InvariantCulture, $"replicas     {Replicas}, each with")]
            : [];
        return string.Join(
            Environment.NewLine,
            [$"weights      {Size(WeightBytes)}",
            .. each,
            $"KV cache     {Size(KvBytes)}  {held}{reduced}",
            .. states,
            $"activations  {Size(ActivationBytes)}",
            $"logits       {Size(LogitBytes)}",
            $"total        {Size(TotalBytes)}  of {Size(FreeBytes)} free"]);
    }

    // In a sentence, not under other sizes.
    private static string Told(long bytes) => Size(bytes).TrimStart();

    private static string Size(long bytes) => bytes < 1_000_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6,8:0.000} MB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9,8:0.000} GB");
}
