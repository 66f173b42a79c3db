using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Energy;
using Inferometer.Measurement.Models;

namespace Inferometer.Measurement.Benchmarks;

/// <summary>What is to be timed, and how.</summary>
public sealed record BenchRequest
{
    /// <summary>The model.</summary>
    public required StoredModel Model { get; init; }

    /// <summary>The tests; each runs with each count of threads.</summary>
    public required IReadOnlyList<BenchTest> Tests { get; init; }

    /// <summary>Counts of worker threads.</summary>
    public required IReadOnlyList<int> Threads { get; init; }

    /// <summary>Timed repetitions of each test, at least 1.</summary>
    public int Repetitions { get; init; } = 5;

    /// <summary>How long each test is repeated, at least once, before it is timed.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How keys and values are cached.</summary>
    public required BenchCache Cache { get; init; }

    /// <summary>Makes the runner, on another device than the processor; null = the processor. It takes no notice of threads.</summary>
    public IRunnerProvider? Device { get; init; }

    /// <summary>Attention in tiles instead of whole rows of scores.</summary>
    public bool FlashAttention { get; init; } = true;

    /// <summary>What becomes of a file of repacked weights.</summary>
    public RepackedFileUse RepackedFile { get; init; } = RepackedFileUse.Read;

    /// <summary>Measures energy beside time; null = nothing does.</summary>
    public EnergyMeter? Energy { get; init; }
}
