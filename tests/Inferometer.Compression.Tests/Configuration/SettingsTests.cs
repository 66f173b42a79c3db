using Inferometer.Compression.Configuration;
using Inferometer.Core;

namespace Inferometer.Compression.Tests.Configuration;

public sealed class SettingsTests
{
    [Fact]
    public void Defaults_stand_where_nothing_is_set()
    {
        SettingsSource nothing = Variables([]);
        Assert.Equal(new ModelConfig(), ModelConfig.From(nothing));
        Assert.Equal(new CompressionConfig(), CompressionConfig.From(nothing));
        Assert.Equal(
            (32, 64, 128),
            (new CompressionConfig().ValueRankLow, new CompressionConfig().ValueRankMedium, new CompressionConfig().ValueRankHigh));
    }

    [Fact]
    public void Variables_flags_and_files_name_the_same_settings()
    {
        CompressionConfig expected = new()
        {
            Strategy = CompressionStrategy.LowRank,
            ValueRankLow = 8,
            KeyRank = 24,
            HeadGroupSize = 2,
            RecentTokens = 64,
            MemoryCleanupThreshold = 0.5,
        };
        Dictionary<string, string> values = new(StringComparer.Ordinal)
        {
            ["COMPRESSION_STRATEGY"] = "low-rank",
            ["COMPRESSION_RANK_LOW"] = "8",
            ["KEY_COMPRESSION_RANK"] = "24",
            ["HEAD_GROUP_SIZE"] = "2",
            ["RECENT_TOKENS"] = "64",
            ["MEMORY_CLEANUP_THRESHOLD"] = "0.5",
        };
        Assert.Equal(expected, CompressionConfig.From(Variables(values)));
        Assert.Equal(
            [
                "--compression-strategy", "--compression-rank-low", "--key-compression-rank", "--head-group-size", "--recent-tokens",
                "--memory-cleanup-threshold",
            ],
            values.Keys.Select(SettingNames.Flag));
        Assert.Equal(expected, CompressionConfig.From(File(
            """
            {
              "compression_strategy": "low-rank", "compression_rank_low": 8, "key_compression_rank": 24,
              "head_group_size": 2, "recent_tokens": "64", "memory_cleanup_threshold": 0.5
            }
            """)));
    }

    [Fact]
    public void A_source_before_another_hides_only_what_it_sets()
    {
        SettingsSource both = Variables(new() { ["RECENT_TOKENS"] = "32", ["SINK_TOKENS"] = "" })
            .Before(File("""{ "recent_tokens": 64, "sink_tokens": 8, "THREADS": 2 }"""));
        Assert.Equal((8, 32), (CompressionConfig.From(both).SinkTokens, CompressionConfig.From(both).RecentTokens));
        Assert.Equal(2, ModelConfig.From(both).Threads);
        Assert.Equal("variable RECENT_TOKENS", both.Origin("RECENT_TOKENS"));
        Assert.EndsWith(": sink_tokens", both.Origin("SINK_TOKENS"), StringComparison.Ordinal);
        Assert.Null(both.Origin("DEVICE"));
    }

    [Fact]
    public void Every_setting_there_is_can_be_read()
    {
        List<string> read = [];
        SettingsSource source = SettingsSource.Of(
            name =>
            {
                read.Add(name);
                return null;
            },
            name => name);
        _ = ModelConfig.From(source);
        _ = CompressionConfig.From(source);
        Assert.Equal(SettingNames.All, read);
    }

    [Theory]
    [InlineData("COMPRESSION_RANK_LOW", "many", "1 to 65536")]
    [InlineData("KEY_COMPRESSION_RANK", "0", "1 to 65536")]
    [InlineData("COMPRESSION_STRATEGY", "magic", "rotated, low-rank, weight-svd")]
    [InlineData("RECENT_TOKENS", "-1", "0 or more")]
    [InlineData("HEAD_GROUP_SIZE", "3", "1, 2, 4")]
    [InlineData("MEMORY_CLEANUP_THRESHOLD", "1.5", "at most 1")]
    public void A_wrong_value_is_named_with_its_variable_and_what_is_allowed(string name, string value, string allowed)
    {
        SettingsSource source = Variables(new() { [name] = value });
        string message = Assert.Throws<InferometerException>(() => CompressionConfig.From(source)).Message;
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.Contains($"'{value}'", message, StringComparison.Ordinal);
        Assert.Contains(allowed, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_needs_a_path_and_a_device_there_is()
    {
        Assert.Contains(
            "DEVICE is 'cuda'",
            Assert.Throws<InferometerException>(() => ModelConfig.From(Variables(new() { ["DEVICE"] = "cuda" }))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "LLAMA_MODEL_PATH",
            Assert.Throws<InferometerException>(() => new ModelConfig().Load(TestContext.Current.CancellationToken)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_names_settings_there_are() =>
        Assert.Contains(
            "no setting 'recent'", Assert.Throws<InferometerException>(() => File("""{ "recent": 64 }""")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Ranks_must_rise()
    {
        CompressionConfig config = new() { ValueRankLow = 64, ValueRankMedium = 32 };
        Assert.Contains("rising", Assert.Throws<InferometerException>(config.Validate).Message, StringComparison.Ordinal);
    }

    private static SettingsSource Variables(Dictionary<string, string> values) =>
        SettingsSource.Of(values.GetValueOrDefault, name => $"variable {name}");

    private static SettingsSource File(string json)
    {
        string file = Path.GetTempFileName();
        try
        {
            System.IO.File.WriteAllText(file, json);
            return SettingsSource.FromFile(file);
        }
        finally
        {
            System.IO.File.Delete(file);
        }
    }
}
