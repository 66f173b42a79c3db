using Inferometer.Core;

namespace Inferometer.Scheduling;

/// <summary>Policy of a <see cref="Scheduler"/>.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Tokens computed in one step over all sequences.</summary>
    public int MaxTokensPerStep { get; init; } = 512;

    /// <summary>
    /// Rows of logits of prompts' own tokens in one step, over all sequences that want them: a row has a number for each token of the
    /// vocabulary. A prompt that is computed in one piece has its rows in one step all the same.
    /// </summary>
    public int MaxPromptRowsPerStep { get; init; } = 32;

    /// <summary>Sequences running at once.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>Longest sequence, prompt and output together, tokens.</summary>
    public int MaxSequenceTokens { get; init; } = 4096;

    /// <summary>Requests that may wait beyond those for which there are free places; further ones are rejected.</summary>
    public int MaxQueueLength { get; init; } = 10_000;

    /// <summary>When waiting requests join.</summary>
    public BatchingMode Batching { get; init; } = BatchingMode.Continuous;

    /// <summary>
    /// Prompts are cut to fill the step's token budget beside the decoding sequences. Off: a prompt is computed in one piece, in a step
    /// of its own when longer than the budget.
    /// </summary>
    public bool ChunkedPrefill { get; init; } = true;

    /// <summary>
    /// While there are prompts to compute and room for them, steps compute prompts alone and decoding sequences wait, as SGLang's scheduler
    /// does by default. Off: decoding sequences go first and prompts share the rest of the step's budget.
    /// </summary>
    public bool PrefillFirst { get; init; }

    /// <summary>
    /// Keys and values are kept between steps. Off: every step computes each sequence from its first token (for comparison).
    /// </summary>
    public bool KeepKeysAndValues { get; init; } = true;

    /// <summary>
    /// Sequences keep their tokens. Off: they are counted alone, which takes neither time nor memory where tokens mean nothing; there is no
    /// prefix cache then, and no step may read a token.
    /// </summary>
    public bool KeepTokens { get; init; } = true;

    /// <summary>
    /// Admission counts the whole output of every request, so that nothing is ever preempted, at the price of a smaller batch.
    /// </summary>
    public bool ReserveForOutput { get; init; }

    /// <summary>Share of the pool that admission leaves free for the growth of running sequences, 0..1.</summary>
    public double AdmissionReserve { get; init; } = 0.01;

    /// <summary>What one level of priority is worth in waiting time. Finite, so every request is served in the end.</summary>
    public double PriorityHeadStartSeconds { get; init; } = 30;

    /// <summary>Sequences that may run at once under <see cref="Batching"/>.</summary>
    public int EffectiveMaxSequences => Batching == BatchingMode.Off ? 1 : MaxSequences;

    /// <summary>Checks every value.</summary>
    /// <exception cref="InferometerException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        RequirePositive(MaxTokensPerStep, nameof(MaxTokensPerStep));
        RequirePositive(MaxPromptRowsPerStep, nameof(MaxPromptRowsPerStep));
        RequirePositive(MaxSequences, nameof(MaxSequences));
        RequirePositive(MaxSequenceTokens, nameof(MaxSequenceTokens));
        RequirePositive(MaxQueueLength, nameof(MaxQueueLength));
        if (!(AdmissionReserve is >= 0 and < 1))
        {
            throw new InferometerException($"scheduler: {nameof(AdmissionReserve)} is {AdmissionReserve}; allowed is 0 up to below 1.");
        }

        if (!double.IsFinite(PriorityHeadStartSeconds) || PriorityHeadStartSeconds < 0)
        {
            throw new InferometerException(
                $"scheduler: {nameof(PriorityHeadStartSeconds)} is {PriorityHeadStartSeconds}; allowed is any finite number from 0.");
        }
    }

    private static void RequirePositive(int value, string name)
    {
        if (value < 1)
        {
            throw new InferometerException($"scheduler: {name} is {value}; allowed is 1 or more.");
        }
    }
}
