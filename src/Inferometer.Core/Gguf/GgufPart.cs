namespace Inferometer.Core.Gguf;

/// <summary>One file of a GGUF model: the only one, or one of the parts of a split one.</summary>
/// <param name="Source">Path or name of the file.</param>
/// <param name="FileLength">Its length, bytes.</param>
/// <param name="DataOffset">Position of its first byte of tensor data.</param>
public sealed record GgufPart(string Source, long FileLength, long DataOffset);
