namespace Inferometer.Measurement.Diagnostics;

/// <summary>What a machine was measured to do with a number of threads: the ideal that kernels are compared with.</summary>
/// <param name="Threads">Threads that took part.</param>
/// <param name="ReadGBps">Memory read, 10^9 bytes per second, from a buffer larger than the caches.</param>
/// <param name="FloatGops">f32 multiply-adds in registers, 10^9 operations per second, a multiply-add being two.</param>
/// <param name="Int8Gops">Products of 8-bit integers and their sums, in whatever the kernels use (tiles, or vectors with or without sums of
/// 32 bits), 10^9 operations per second, a multiply and an add being two; 0 where there is no vector instruction for it.</param>
public sealed record MachineLimits(int Threads, double ReadGBps, double FloatGops, double Int8Gops);
