using Inferometer.Compression.Configuration;
using Inferometer.Core;

namespace Inferometer.Compression.Tests.Configuration;

public sealed class SettingsTests
{
    [Fact]
    public void Defaults_stand_where_nothing_is_set()
    {
        SettingsSource nothing = SettingsSource.FromVariables(new Dictionary<string, string>(StringComparer.Ordinal));
        Assert.Equal(new ModelConfig(), ModelConfig.From(nothing));
        Assert.Equal(new CompressionConfig(), CompressionConfig.From(nothing));
        Assert.Equal(new InferenceConfig(), InferenceConfig.From(nothing));
        Assert.Equal((32, 64, 128), (new CompressionConfig().ValueRankLow, new CompressionConfig().ValueRankMedium, new CompressionConfig().ValueRankHigh));
    }

    [Fact]
    public void Variables_flags_and_files_name_the_same_settings()
    {
        CompressionConfig expected = new() { Strategy = CompressionStrategy.LowRank, ValueRankLow = 8, KeyRank = 24, HeadGroupSize = 2, RecentTokens = 64 };
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["COMPRESSION_STRATEGY"] = "low-rank",
            ["COMPRESSION_RANK_LOW"] = "8",
            ["KEY_COMPRESSION_RANK"] = "24",
            ["HEAD_GROUP_SIZE"] = "2",
            ["RECENT_TOKENS"] = "64",
        };
        Assert.Equal(expected, CompressionConfig.From(SettingsSource.FromVariables(variables)));
        string[] flags = ["run", "--compression-strategy", "low-rank", "--compression-rank-low=8", "--key-compression-rank", "24", "--head-group-size", "2", "--recent-tokens=64"];
        Assert.Equal(expected, CompressionConfig.From(SettingsSource.FromFlags(flags)));
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{ "compression_strategy": "low-rank", "compression_rank_low": 8, "key_compression_rank": 24, "head_group_size": 2, "recent_tokens": "64" }""");
            Assert.Equal(expected, CompressionConfig.From(SettingsSource.FromFile(file)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("COMPRESSION_RANK_LOW", "many", "1 to 65536")]
    [InlineData("KEY_COMPRESSION_RANK", "0", "1 to 65536")]
    [InlineData("COMPRESSION_STRATEGY", "magic", "rotated, low-rank, weight-svd")]
    [InlineData("RECENT_TOKENS", "-1", "from 0")]
    [InlineData("HEAD_GROUP_SIZE", "3", "1, 2, 4")]
    public void A_wrong_value_is_named_with_its_variable_and_what_is_allowed(string name, string value, string allowed)
    {
        SettingsSource source = SettingsSource.FromVariables(new Dictionary<string, string>(StringComparer.Ordinal) { [name] = value });
        string message = Assert.Throws<InferometerException>(() => CompressionConfig.From(source)).Message;
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.Contains($"'{value}'", message, StringComparison.Ordinal);
        Assert.Contains(allowed, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_configurations_check_their_values_too()
    {
        static SettingsSource With(string name, string value) => SettingsSource.FromVariables(new Dictionary<string, string>(StringComparer.Ordinal) { [name] = value });
        Assert.Contains("DEVICE is 'cuda'", Assert.Throws<InferometerException>(() => ModelConfig.From(With("DEVICE", "cuda"))).Message, StringComparison.Ordinal);
        Assert.Contains("at most 1", Assert.Throws<InferometerException>(() => InferenceConfig.From(With("MEMORY_CLEANUP_THRESHOLD", "1.5"))).Message, StringComparison.Ordinal);
        Assert.Contains("LLAMA_MODEL_PATH", Assert.Throws<InferometerException>(() => new ModelConfig().Load(TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.Contains("needs a value", Assert.Throws<InferometerException>(() => ModelConfig.From(SettingsSource.FromFlags(["--device"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ranks_must_rise()
    {
        CompressionConfig config = new() { ValueRankLow = 64, ValueRankMedium = 32 };
        Assert.Contains("rising", Assert.Throws<InferometerException>(config.Validate).Message, StringComparison.Ordinal);
    }
}
