using System.Runtime.InteropServices;

namespace Inferometer.Scheduling;

/// <summary>What a <see cref="Scheduler"/> did since it was made; every figure is counted at the event it names.</summary>
[StructLayout(LayoutKind.Auto)]
public record struct SchedulerStatistics
{
    /// <summary>Steps run.</summary>
    public long Steps { readonly get; internal set; }

    /// <summary>Sum of the steps' durations, seconds.</summary>
    public double StepSeconds { readonly get; internal set; }

    /// <summary>Chunks of all steps.</summary>
    public long Chunks { readonly get; internal set; }

    /// <summary>Most chunks in one step.</summary>
    public int MaxChunksPerStep { readonly get; internal set; }

    /// <summary>Prompt tokens computed or taken from the prefix cache, each once.</summary>
    public long PromptTokensRead { readonly get; internal set; }

    /// <summary>Prompt tokens computed, recomputation after preemption included.</summary>
    public long PrefillTokens { readonly get; internal set; }

    /// <summary>Tokens computed in decode chunks, drafted ones included.</summary>
    public long DecodeTokens { readonly get; internal set; }

    /// <summary>Tokens generated.</summary>
    public long GeneratedTokens { readonly get; internal set; }

    /// <summary>Drafted tokens verified.</summary>
    public long DraftedTokens { readonly get; internal set; }

    /// <summary>Drafted tokens accepted.</summary>
    public long AcceptedDraftTokens { readonly get; internal set; }

    /// <summary>Prompt tokens taken from the prefix cache.</summary>
    public long CachedPromptTokens { readonly get; internal set; }

    /// <summary>Sequences that lost their blocks to others.</summary>
    public long Preemptions { readonly get; internal set; }

    /// <summary>Computed tokens thrown away by preemption.</summary>
    public long DiscardedTokens { readonly get; internal set; }

    /// <summary>Requests taken in.</summary>
    public long Submitted { readonly get; internal set; }

    /// <summary>Requests refused.</summary>
    public long Rejected { readonly get; internal set; }

    /// <summary>Sequences that ended by length or stop.</summary>
    public long Completed { readonly get; internal set; }

    /// <summary>Sequences cancelled or failed.</summary>
    public long Cancelled { readonly get; internal set; }

    /// <summary>Sequences whose deadline passed.</summary>
    public long Expired { readonly get; internal set; }

    /// <summary>Slots allocated, summed over the ends of all steps.</summary>
    public long AllocatedSlotSteps { readonly get; internal set; }

    /// <summary>Slots filled, summed over the ends of all steps.</summary>
    public long FilledSlotSteps { readonly get; internal set; }

    /// <summary>Mean chunks per step.</summary>
    public readonly double MeanChunksPerStep => Steps == 0 ? 0 : (double)Chunks / Steps;

    /// <summary>Filled over allocated slots, averaged over all steps, 0..1.</summary>
    public readonly double SlotUtilisation => AllocatedSlotSteps == 0 ? 1 : (double)FilledSlotSteps / AllocatedSlotSteps;
}
