namespace Inferometer.Cpu.Weights;

/// <summary>What loading does about the file of repacked weights beside a model.</summary>
public enum RepackedFileUse
{
    /// <summary>Neither reads nor writes it.</summary>
    Ignore,

    /// <summary>Uses it when it is there and fits the model.</summary>
    Read,

    /// <summary>Uses it likewise, and writes it when it is not there or does not fit.</summary>
    ReadOrWrite,
}
