using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Memory;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;

namespace Inferometer.Compression.Configuration;

/// <summary>How keys and values are compressed, which tokens are not, and how much memory making profiles may fill.</summary>
public sealed record CompressionConfig
{
    /// <summary>The largest rank that can be asked for; what a model has room for is less.</summary>
    public const int MaxRank = 65536;

    /// <summary>Method. Setting <c>COMPRESSION_STRATEGY</c>: <c>rotated</c>, <c>low-rank</c> or <c>weight-svd</c>.</summary>
    public CompressionStrategy Strategy { get; init; } = CompressionStrategy.RotatedQuantization;

    /// <summary>Rank of a head's values under profile <c>low</c>. Setting <c>COMPRESSION_RANK_LOW</c>.</summary>
    public int ValueRankLow { get; init; } = 32;

    /// <summary>Rank of a head's values under profile <c>med</c>. Setting <c>COMPRESSION_RANK_MED</c>.</summary>
    public int ValueRankMedium { get; init; } = 64;

    /// <summary>Rank of a head's values under profile <c>high</c>. Setting <c>COMPRESSION_RANK_HIGH</c>.</summary>
    public int ValueRankHigh { get; init; } = 128;

    /// <summary>Rank of a head's keys. Setting <c>KEY_COMPRESSION_RANK</c>.</summary>
    public int KeyRank { get; init; } = 32;

    /// <summary>
    /// Neighbouring KV heads that share latents: 1, 2 or 4; must divide the model's KV heads. Ranks are per head: a group of n has n times
    /// as many. Setting <c>HEAD_GROUP_SIZE</c>.
    /// </summary>
    public int HeadGroupSize { get; init; } = 1;

    /// <summary>First tokens of a sequence that stay exact. Setting <c>SINK_TOKENS</c>.</summary>
    public int SinkTokens { get; init; } = 4;

    /// <summary>Latest tokens of a sequence that stay exact. Setting <c>RECENT_TOKENS</c>.</summary>
    public int RecentTokens { get; init; } = 128;

    /// <summary>
    /// Share of the memory limit, above 0 to 1, from which on the end of a build collects garbage. Setting <c>MEMORY_CLEANUP_THRESHOLD</c>.
    /// </summary>
    public double MemoryCleanupThreshold { get; init; } = 0.8;

    /// <summary>Tokens that stay exact.</summary>
    public ExactWindow Window => new(SinkTokens, RecentTokens);

    /// <summary>Reads the settings from the environment.</summary>
    /// <exception cref="InferometerException">A value is not allowed; the message names variable, value and what is.</exception>
    public static CompressionConfig FromEnvironment() => From(SettingsSource.Environment);

    /// <summary>Reads the settings; those not set keep their defaults.</summary>
    /// <exception cref="InferometerException">A value is not allowed; the message names where it came from.</exception>
    public static CompressionConfig From(SettingsSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        CompressionConfig defaults = new();
        CompressionConfig config = new()
        {
            Strategy = source.Choice(
                SettingNames.Strategy, defaults.Strategy,
                ("rotated", CompressionStrategy.RotatedQuantization), ("low-rank", CompressionStrategy.LowRank),
                ("weight-svd", CompressionStrategy.WeightSvd)),
            ValueRankLow = source.Integer(SettingNames.ValueRankLow, defaults.ValueRankLow, 1, MaxRank),
            ValueRankMedium = source.Integer(SettingNames.ValueRankMedium, defaults.ValueRankMedium, 1, MaxRank),
            ValueRankHigh = source.Integer(SettingNames.ValueRankHigh, defaults.ValueRankHigh, 1, MaxRank),
            KeyRank = source.Integer(SettingNames.KeyRank, defaults.KeyRank, 1, MaxRank),
            HeadGroupSize = source.Choice(SettingNames.HeadGroupSize, defaults.HeadGroupSize, ("1", 1), ("2", 2), ("4", 4)),
            SinkTokens = source.Integer(SettingNames.SinkTokens, defaults.SinkTokens, 0, int.MaxValue),
            RecentTokens = source.Integer(SettingNames.RecentTokens, defaults.RecentTokens, 0, int.MaxValue),
            MemoryCleanupThreshold = source.Fraction(SettingNames.MemoryCleanupThreshold, defaults.MemoryCleanupThreshold),
        };
        config.Validate();
        return config;
    }

    /// <summary>Checks what single values cannot show.</summary>
    /// <exception cref="InferometerException">A value is out of range, or the ranks do not rise from low to high.</exception>
    public void Validate()
    {
        if (ValueRankLow < 1 || ValueRankLow > ValueRankMedium || ValueRankMedium > ValueRankHigh || KeyRank < 1)
        {
            throw new InferometerException(
                $"compression ranks low {ValueRankLow}, med {ValueRankMedium}, high {ValueRankHigh}, keys {KeyRank}: "
                + "allowed are 1 or more, rising from low to high.");
        }

        if (!HeadGroups.IsSize(HeadGroupSize))
        {
            throw new InferometerException($"head group size {HeadGroupSize}: allowed are {HeadGroups.Allowed}.");
        }

        if (SinkTokens < 0 || RecentTokens < 0)
        {
            throw new InferometerException($"exact tokens: sink {SinkTokens}, recent {RecentTokens}; allowed are 0 or more.");
        }
    }

    /// <summary>Checks that the head groups divide the KV heads of a model.</summary>
    /// <param name="model">The model.</param>
    /// <exception cref="InferometerException">They do not, or it keeps something else than keys and values of heads.</exception>
    public void RequireHeads(ModelArchitecture model)
    {
        ArgumentNullException.ThrowIfNull(model);
        HeadGroups.Require(model, HeadGroupSize);
    }

    /// <summary>A manager of this process's memory with the configured threshold, for builds.</summary>
    /// <exception cref="InferometerException">The threshold is out of range.</exception>
    public MemoryManager CreateMemoryManager() => new(MemoryCleanupThreshold);

    /// <summary>
    /// The compression it asks for: fixed ranks and f16 latents where it is low-rank, int8 where it is rotated quantisation.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="level"><c>low</c>, <c>med</c> or <c>high</c>: which of the value ranks.</param>
    /// <param name="bases">Bases, which then decide the head groups; null has the strategy weight-svd make its own, and low-rank, which
    /// needs calibrated ones, fail.</param>
    /// <exception cref="InferometerException">The configuration or level is not valid, or low-rank has no bases.</exception>
    public KvCompression ToCompression(TransformerModel model, string level = "med", ModelBases? bases = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        Validate();
        int rank = level switch
        {
            "low" => ValueRankLow,
            "med" => ValueRankMedium,
            "high" => ValueRankHigh,
            _ => throw new InferometerException($"compression level '{level}': allowed are low, med, high."),
        };
        if (Strategy == CompressionStrategy.RotatedQuantization)
        {
            return KvCompression.RotatedQuantization(model, 8, Window);
        }

        bases ??= Strategy == CompressionStrategy.WeightSvd ? ModelBases.FromWeights(model, HeadGroupSize) : null;
        return bases is null
            ? throw new InferometerException(
                "compression strategy low-rank needs bases calibrated on a text; weight-svd and rotated need none.")
            : KvCompression.LowRank(
                $"{(Strategy == CompressionStrategy.LowRank ? "low-rank" : "weight-only SVD")} {level}", model, bases,
                LatentAllocation.Fixed(bases, KeyRank, rank, 16), Window);
    }
}
