namespace Inferometer.Cpu.Threading;

/// <summary>
/// Something a <see cref="WorkerPool"/> can do in numbered pieces. One instance is kept and reused, so that a dispatch allocates nothing.
/// </summary>
public abstract class ParallelWork
{
    /// <summary>Does one piece. Called once per chunk, from any worker and in any order; pieces must not depend on each other.</summary>
    /// <param name="chunk">Which piece, from 0.</param>
    /// <param name="worker">Which worker runs it, 0 (the caller of <see cref="WorkerPool.Run"/>) to <see cref="WorkerPool.ThreadCount"/> -
    /// 1: an index for scratch memory that only one worker uses at a time.</param>
    public abstract void Execute(int chunk, int worker);
}
