using Inferometer.Scheduling;
using Inferometer.Serving;

namespace Inferometer.Simulation.Serving;

/// <summary>How a simulated replica is run.</summary>
public sealed record ServingSimulationOptions
{
    /// <summary>Batching, budgets and limits: the engine's own options.</summary>
    public SchedulerOptions Scheduler { get; init; } = new();

    /// <summary>Blocks of KV cache, at least 1; null = as many as the device has room for.</summary>
    public int? BlockCount { get; init; }

    /// <summary>Tokens per block.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>Full blocks are kept and reused by requests that begin alike.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>What is kept of each request, and the service level whose goodput is counted.</summary>
    public ServingRecorderOptions Recorder { get; init; } = new();
}
