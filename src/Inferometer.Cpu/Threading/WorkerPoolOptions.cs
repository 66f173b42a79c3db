namespace Inferometer.Cpu.Threading;

/// <summary>How the threads of a <see cref="WorkerPool"/> behave.</summary>
public sealed record WorkerPoolOptions
{
    /// <summary>
    /// Bind worker i to the i-th processor this process may use (Linux; ignored elsewhere). The caller's thread is bound by
    /// <see cref="CpuAffinity.TryBindCurrentThread"/> if it wishes.
    /// </summary>
    public bool Pin { get; init; }

    /// <summary>
    /// How long an idle worker spins for the next dispatch before it sleeps. Waking a sleeping worker takes some 50 microseconds, a
    /// spinning one well under one.
    /// </summary>
    public TimeSpan SpinTime { get; init; } = TimeSpan.FromMilliseconds(1);
}
