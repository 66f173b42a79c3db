namespace Inferometer.Core.Frameworks;

/// <summary>
/// What a framework's scheduler does as it comes: how prompts go into steps, when a request is admitted. How much a step holds follows the
/// device, see <see cref="FrameworkProfile.SizeOn"/>. The only place where it is stated: simulated services, closed loops and fits read it.
/// </summary>
public sealed record FrameworkScheduler
{
    /// <summary>What it does, one line.</summary>
    public required string Description { get; init; }

    /// <summary>
    /// Steps read prompts alone while there are any and room for them, and those that decode wait; otherwise prompts share steps with them.
    /// </summary>
    public bool PromptsFirst { get; init; }

    /// <summary>Prompts are cut to what a step has room for; otherwise each is read in one piece.</summary>
    public bool ChunksPrompts { get; init; }

    /// <summary>A batch is served to its end before the next begins.</summary>
    public bool StaticBatches { get; init; }

    /// <summary>A request is admitted when its whole output fits; otherwise when its prompt does, and some are preempted later.</summary>
    public bool ReservesOutput { get; init; }

    /// <summary>Share of the cache that admission leaves free, 0 up to below 1.</summary>
    public double AdmissionReserve { get; init; }

    /// <summary>
    /// Steps follow one another while tokens are on their way to those who asked: what is calibrated as the time before a first token is
    /// the time of handing over, which every answer takes and after which a user asks again.
    /// </summary>
    public bool HandsOver { get; init; }

    /// <summary>
    /// Requests sit in numbered slots, and unless there are as many of these as the framework comes with, each has keys and values of its
    /// own: a step is computed in passes over neighbouring slots with equally many tokens (<see cref="FrameworkSize.StepTokens"/> at most).
    /// </summary>
    public bool StreamsPerSlot { get; init; }

    /// <summary>Full blocks are kept and reused by requests that begin alike.</summary>
    public bool PrefixCaching { get; init; }
}
