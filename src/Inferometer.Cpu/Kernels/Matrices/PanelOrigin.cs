using Inferometer.Cpu.Threading;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Where a <see cref="PanelMatrix{TKernel}"/> gets its panels from: stored rows to repack, or panels that are there already.
/// </summary>
/// <param name="source">First byte of the stored rows; null where <paramref name="panels"/> are given.</param>
/// <param name="pool">Threads for repacking; null to use the calling thread.</param>
/// <param name="memory">Where repacked panels go; null for memory of the matrix's own.</param>
/// <param name="panels">Panels that were repacked before, by this version on a like machine; they must outlive the matrix.</param>
/// <param name="delay">When rows are repacked while they are in use; null to repack them at once.</param>
internal readonly unsafe struct PanelOrigin(
    byte* source, WorkerPool? pool, PanelMemory? memory, byte* panels = null, RepackingDelay? delay = null)
{
    public RepackingDelay? Delay => delay;

    public byte* Source => source;

    public WorkerPool? Pool => pool;

    public PanelMemory? Memory => memory;

    public byte* Panels => panels;
}
