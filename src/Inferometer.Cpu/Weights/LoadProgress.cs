namespace Inferometer.Cpu.Weights;

/// <summary>How far loading has come.</summary>
/// <param name="LoadedBytes">Bytes of weights read so far, as stored in the file.</param>
/// <param name="TotalBytes">Bytes of weights to read.</param>
/// <param name="Stage">What is being loaded, such as <c>layer 3 of 22</c>.</param>
public readonly record struct LoadProgress(long LoadedBytes, long TotalBytes, string Stage);
