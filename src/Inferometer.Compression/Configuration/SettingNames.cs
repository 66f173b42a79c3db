namespace Inferometer.Compression.Configuration;

/// <summary>
/// The settings there are. A setting has one name: an environment variable as it is, a member of a configuration file in lower case
/// (<c>sink_tokens</c>), and a flag of the commands that honour it in lower case with dashes (<c>--sink-tokens</c>). </summary>
public static class SettingNames
{
    /// <summary>The model; see <see cref="ModelConfig.ModelPath"/>.</summary>
    public const string ModelPath = "LLAMA_MODEL_PATH";

    /// <summary>See <see cref="ModelConfig.Device"/>.</summary>
    public const string Device = "DEVICE";

    /// <summary>See <see cref="ModelConfig.Threads"/>.</summary>
    public const string Threads = "THREADS";

    /// <summary>See <see cref="CompressionConfig.Strategy"/>.</summary>
    public const string Strategy = "COMPRESSION_STRATEGY";

    /// <summary>See <see cref="CompressionConfig.ValueRankLow"/>.</summary>
    public const string ValueRankLow = "COMPRESSION_RANK_LOW";

    /// <summary>See <see cref="CompressionConfig.ValueRankMedium"/>.</summary>
    public const string ValueRankMedium = "COMPRESSION_RANK_MED";

    /// <summary>See <see cref="CompressionConfig.ValueRankHigh"/>.</summary>
    public const string ValueRankHigh = "COMPRESSION_RANK_HIGH";

    /// <summary>See <see cref="CompressionConfig.KeyRank"/>.</summary>
    public const string KeyRank = "KEY_COMPRESSION_RANK";

    /// <summary>See <see cref="CompressionConfig.HeadGroupSize"/>.</summary>
    public const string HeadGroupSize = "HEAD_GROUP_SIZE";

    /// <summary>See <see cref="CompressionConfig.SinkTokens"/>.</summary>
    public const string SinkTokens = "SINK_TOKENS";

    /// <summary>See <see cref="CompressionConfig.RecentTokens"/>.</summary>
    public const string RecentTokens = "RECENT_TOKENS";

    /// <summary>See <see cref="CompressionConfig.MemoryCleanupThreshold"/>.</summary>
    public const string MemoryCleanupThreshold = "MEMORY_CLEANUP_THRESHOLD";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        ModelPath, Device, Threads, Strategy, ValueRankLow, ValueRankMedium, ValueRankHigh, KeyRank, HeadGroupSize, SinkTokens,
        RecentTokens, MemoryCleanupThreshold,
    ];

    /// <summary>The flag of a setting, such as <c>--sink-tokens</c>.</summary>
    public static string Flag(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return "--" + Member(name).Replace('_', '-');
    }

    /// <summary>The member of a configuration file, such as <c>sink_tokens</c>.</summary>
    internal static string Member(string name) => name.ToLowerInvariant();
}
