namespace Inferometer.Scheduling;

/// <summary>Why a sequence ended.</summary>
public enum FinishReason
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>It has all the tokens it asked for, or reached the longest sequence.</summary>
    Length,

    /// <summary>The executor saw its end: a stop token, a stop string, a complete value.</summary>
    Stop,

    /// <summary>Its owner cancelled it.</summary>
    Cancelled,

    /// <summary>Its deadline passed.</summary>
    Deadline,

    /// <summary>A step failed.</summary>
    Error,
}
