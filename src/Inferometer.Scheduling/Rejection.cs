namespace Inferometer.Scheduling;

/// <summary>Kind of a refusal at the door.</summary>
public enum RejectionReason
{
    /// <summary>The queue is at its limit; the same request may be taken later.</summary>
    QueueFull,

    /// <summary>Prompt and output together are longer than a sequence may be.</summary>
    TooLong,

    /// <summary>Even an empty pool could not hold it.</summary>
    NeverFits,
}

/// <summary>A refusal and the line to show for it.</summary>
/// <param name="Reason">Kind.</param>
/// <param name="Message">What was asked, and what is allowed.</param>
public sealed record Rejection(RejectionReason Reason, string Message);
