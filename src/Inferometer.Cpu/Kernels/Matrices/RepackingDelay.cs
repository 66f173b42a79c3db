namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Of a matrix that is repacked while it is in use: how often it is multiplied with as it is stored, before a multiplication repacks it.
/// </summary>
/// <param name="Uses">Multiplications before that one, at least 1.</param>
/// <param name="Release">Called with the first and the number of stored rows whose memory is not needed any more, from any of the threads
/// that multiply, also more than once; they may still be read by a multiplication that runs beside it.</param>
internal sealed record RepackingDelay(int Uses, Action<int, int> Release);
