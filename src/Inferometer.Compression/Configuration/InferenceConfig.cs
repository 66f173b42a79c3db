using Inferometer.Compression.Memory;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Inference.Engine;

namespace Inferometer.Compression.Configuration;

/// <summary>Sizes of a run.</summary>
public sealed record InferenceConfig
{
    /// <summary>Sequences at once. Setting <c>BATCH_SIZE</c>.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>Longest sequence, tokens. Setting <c>MAX_SEQUENCE_LENGTH</c>.</summary>
    public int MaxSequenceTokens { get; init; } = 4096;

    /// <summary>Share of the memory limit from which on memory is cleaned up between computations. Setting <c>MEMORY_CLEANUP_THRESHOLD</c>.</summary>
    public double MemoryCleanupThreshold { get; init; } = 0.8;

    /// <summary>The engine's options of these sizes.</summary>
    /// <param name="kvCompression">How its cache is compressed, or null.</param>
    public InferenceOptions ToOptions(IKvCacheProvider? kvCompression = null) => new()
    {
        MaxBatchSize = BatchSize,
        MaxSequenceTokens = MaxSequenceTokens,
        KvCompression = kvCompression,
    };

    /// <summary>A manager of this process's memory with the configured threshold.</summary>
    public MemoryManager CreateMemoryManager() => new(MemoryCleanupThreshold);

    /// <summary>Reads the settings from the environment.</summary>
    /// <exception cref="InferometerException">A value is not allowed; the message names variable, value and what is.</exception>
    public static InferenceConfig FromEnvironment() => From(SettingsSource.Environment);

    /// <summary>Reads the settings; those not set keep their defaults.</summary>
    /// <exception cref="InferometerException">A value is not allowed.</exception>
    public static InferenceConfig From(SettingsSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        InferenceConfig defaults = new();
        return new InferenceConfig
        {
            BatchSize = source.Integer("BATCH_SIZE", defaults.BatchSize, 1, 65536),
            MaxSequenceTokens = source.Integer("MAX_SEQUENCE_LENGTH", defaults.MaxSequenceTokens, 1, int.MaxValue),
            MemoryCleanupThreshold = source.Fraction("MEMORY_CLEANUP_THRESHOLD", defaults.MemoryCleanupThreshold),
        };
    }
}
