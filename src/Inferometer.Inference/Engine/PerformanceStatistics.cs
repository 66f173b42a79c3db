using Inferometer.Runners;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Inference.Engine;

/// <summary>What an engine did since it started. Every figure is counted or timed where it happens; none is estimated.</summary>
public sealed record PerformanceStatistics
{
    /// <summary>Prompt tokens computed (those taken from the prefix cache are not among them) and tokens generated.</summary>
    public long TotalTokensProcessed => PromptTokensComputed + GeneratedTokens;

    /// <summary>Prompt tokens computed or taken from the prefix cache, each once.</summary>
    public required long PromptTokensRead { get; init; }

    /// <summary>Prompt tokens computed, recomputation after preemption included.</summary>
    public required long PromptTokensComputed { get; init; }

    /// <summary>Prompt tokens taken from the prefix cache.</summary>
    public required long CachedPromptTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public required long GeneratedTokens { get; init; }

    /// <summary>
    /// Tokens that passed through the network: those of prompts and outputs, and without a KV cache all earlier ones again in each step.
    /// </summary>
    public required long ForwardedTokens { get; init; }

    /// <summary>Steps run, each over one batch.</summary>
    public required long TotalBatchesProcessed { get; init; }

    /// <summary>Time spent in steps, seconds.</summary>
    public required double TotalSeconds { get; init; }

    /// <summary>Cached blocks reused.</summary>
    public required long CacheHits { get; init; }

    /// <summary>Full prompt blocks looked for and not found in the cache.</summary>
    public required long CacheMisses { get; init; }

    /// <summary>Cached blocks given up to make room.</summary>
    public required long CacheEvictions { get; init; }

    /// <summary>Calls of the tiled attention, one per layer and step.</summary>
    public required long FlashAttentionCalls { get; init; }

    /// <summary>Calls of the attention that stores its scores, one per layer and step.</summary>
    public required long StandardAttentionCalls { get; init; }

    /// <summary>Mean sequences per step.</summary>
    public required double MeanBatchSize { get; init; }

    /// <summary>Most sequences in one step.</summary>
    public required int MaxBatchSizeSeen { get; init; }

    /// <summary>Sequences that may run at once, for <see cref="BatchUtilisation"/>.</summary>
    public required int MaxBatchSize { get; init; }

    /// <summary>Drafted tokens verified.</summary>
    public required long DraftedTokens { get; init; }

    /// <summary>Drafted tokens accepted.</summary>
    public required long AcceptedDraftTokens { get; init; }

    /// <summary>Sequences that lost their blocks to others and were computed again.</summary>
    public required long Preemptions { get; init; }

    /// <summary>Requests that ended by themselves.</summary>
    public required long CompletedRequests { get; init; }

    /// <summary>Filled over allocated cache slots, averaged over the steps, 0..1.</summary>
    public required double KvSlotUtilisation { get; init; }

    /// <summary>Blocks in use now.</summary>
    public required int KvBlocksUsed { get; init; }

    /// <summary>Most blocks in use at once; a shared block counts once.</summary>
    public required int PeakKvBlocksUsed { get; init; }

    /// <summary>Blocks in the pool.</summary>
    public required int KvBlocksTotal { get; init; }

    /// <summary>Requests waiting now.</summary>
    public required int WaitingRequests { get; init; }

    /// <summary>Sequences running now.</summary>
    public required int RunningSequences { get; init; }

    /// <summary>Tokens processed per second of step time.</summary>
    public double TokensPerSecond => TotalSeconds > 0 ? TotalTokensProcessed / TotalSeconds : 0;

    /// <summary>Tokens generated per second of step time.</summary>
    public double GeneratedTokensPerSecond => TotalSeconds > 0 ? GeneratedTokens / TotalSeconds : 0;

    /// <summary>Hits over lookups, 0..1.</summary>
    public double CacheHitRate => CacheHits + CacheMisses == 0 ? 0 : (double)CacheHits / (CacheHits + CacheMisses);

    /// <summary>Mean over allowed batch size, 0..1 (beams may take it above).</summary>
    public double BatchUtilisation => MeanBatchSize / MaxBatchSize;

    /// <summary>Accepted over drafted tokens, 0..1.</summary>
    public double DraftAcceptanceRate => DraftedTokens == 0 ? 0 : (double)AcceptedDraftTokens / DraftedTokens;

    internal static PerformanceStatistics Of(
        in SchedulerSnapshot snapshot, SchedulerOptions options, int blockCount, RunnerStatistics forward)
    {
        SchedulerStatistics steps = snapshot.Steps;
        BlockPoolStatistics pool = snapshot.Pool;
        return new PerformanceStatistics
        {
            PromptTokensRead = steps.PromptTokensRead,
            PromptTokensComputed = steps.PrefillTokens,
            CachedPromptTokens = steps.CachedPromptTokens,
            GeneratedTokens = steps.GeneratedTokens,
            ForwardedTokens = forward.Tokens,
            TotalBatchesProcessed = steps.Steps,
            TotalSeconds = steps.StepSeconds,
            CacheHits = pool.Hits,
            CacheMisses = pool.Misses,
            CacheEvictions = pool.Evictions,
            FlashAttentionCalls = forward.FlashAttentionCalls,
            StandardAttentionCalls = forward.StandardAttentionCalls,
            MeanBatchSize = steps.MeanChunksPerStep,
            MaxBatchSizeSeen = steps.MaxChunksPerStep,
            MaxBatchSize = options.EffectiveMaxSequences,
            DraftedTokens = steps.DraftedTokens,
            AcceptedDraftTokens = steps.AcceptedDraftTokens,
            Preemptions = steps.Preemptions,
            CompletedRequests = steps.Completed,
            KvSlotUtilisation = steps.SlotUtilisation,
            KvBlocksUsed = snapshot.UsedBlocks,
            PeakKvBlocksUsed = pool.PeakUsedBlocks,
            KvBlocksTotal = blockCount,
            WaitingRequests = snapshot.Waiting,
            RunningSequences = snapshot.Running,
        };
    }
}
