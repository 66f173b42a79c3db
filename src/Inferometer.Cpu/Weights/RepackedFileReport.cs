namespace Inferometer.Cpu.Weights;

/// <summary>What came of the file of repacked weights beside a model.</summary>
/// <param name="Path">The file.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="ByteCount">Size of the file, when it was used or written; otherwise 0.</param>
/// <param name="Reason">Why it was not used, when it was there; otherwise null.</param>
public sealed record RepackedFileReport(string Path, RepackedFileOutcome Outcome, long ByteCount = 0, string? Reason = null)
{
    /// <summary>Of a model that has no such file.</summary>
    public static RepackedFileReport None { get; } = new("", RepackedFileOutcome.Absent);
}

/// <summary>What came of a file of repacked weights.</summary>
public enum RepackedFileOutcome
{
    /// <summary>There is none, or it was not looked for.</summary>
    Absent,

    /// <summary>The weights were taken from it.</summary>
    Used,

    /// <summary>It is there and cannot be used; the weights were repacked anew.</summary>
    Unusable,

    /// <summary>The weights were repacked and kept in it.</summary>
    Written,

    /// <summary>The model's weights are used as they are stored, so there is nothing to keep.</summary>
    NotNeeded,
}
