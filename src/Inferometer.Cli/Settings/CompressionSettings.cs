using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Models;
using Inferometer.Compression.Configuration;
using Inferometer.Core;

namespace Inferometer.Cli.Settings;

/// <summary>
/// The settings of a command on compression: a flag comes before the environment, the environment before the file of <c>--config</c>, and
/// that before the default.
/// </summary>
internal sealed class CompressionSettings
{
    private readonly Dictionary<string, Option> _flags;
    private readonly ValueOption<int> _threads = EngineSettings.ThreadsOption();

    private readonly PathOption _file = new(
        ["--config"],
        PathUse.ReadFile,
        "JSON file of settings, such as { \"recent_tokens\": 64 }; flags and environment variables (RECENT_TOKENS) come before it.");

    /// <summary>The model to work on.</summary>
    public PathArgument Model { get; } =
        ModelArgument.OrBundled("LLAMA_MODEL_PATH, else the small model that comes with the program");

    /// <summary>Offers settings as flags; the model and the threads are always among them.</summary>
    /// <param name="names">Of <see cref="SettingNames"/>.</param>
    public CompressionSettings(params ReadOnlySpan<string> names)
    {
        _flags = new Dictionary<string, Option>(StringComparer.Ordinal) { [SettingNames.Threads] = _threads };
        foreach (string name in names)
        {
            _flags.Add(name, Flag(name));
        }
    }

    public void AddTo(Command command)
    {
        command.Arguments.Add(Model);
        foreach (Option option in _flags.Values.Append(_file))
        {
            command.Options.Add(option);
        }
    }

    /// <summary>
    /// Reads the settings and finds the model: the argument's, else that of <c>LLAMA_MODEL_PATH</c>, else the bundled one.
    /// </summary>
    /// <exception cref="InferometerException">A value is not allowed, or there is no such model; the message names where it came
    /// from.</exception>
    public (ModelLocation Location, ModelConfig Model, CompressionConfig Compression) Read(ParseResult parsed)
    {
        SettingsSource source = Source(parsed);
        ModelConfig model = ModelConfig.From(source);
        ModelLocation location = Model.Of(parsed) is { } named ? ModelLocation.Resolve(named) : Configured(model.ModelPath, source);
        return (location, model with { ModelPath = location.Path }, CompressionConfig.From(source));
    }

    /// <summary>Checks that the head groups divide the KV heads of the model.</summary>
    /// <exception cref="InferometerException">They do not; the message names the setting as it was given.</exception>
    public void RequireHeads(ParseResult parsed, ModelLocation location, CompressionConfig config)
    {
        try
        {
            config.RequireHeads(location.Files.Architecture);
        }
        catch (InferometerException error) when (Source(parsed).Origin(SettingNames.HeadGroupSize) is { } origin)
        {
            throw new InferometerException($"{origin}: {error.Message}", error);
        }
    }

    private SettingsSource Source(ParseResult parsed)
    {
        SettingsSource source = SettingsSource.Of(name => Given(parsed, name), SettingNames.Flag).Before(SettingsSource.Environment);
        return _file.Of(parsed) is { } file ? source.Before(SettingsSource.FromFile(file)) : source;
    }

    private static ModelLocation Configured(string path, SettingsSource source)
    {
        try
        {
            return ModelLocation.Resolve(path.Length > 0 ? path : null);
        }
        catch (InferometerException error) when (path.Length > 0)
        {
            throw new InferometerException($"{source.Origin(SettingNames.ModelPath)}: {error.Message}", error);
        }
    }

    private string? Given(ParseResult parsed, string name) =>
        _flags.TryGetValue(name, out Option? flag) && parsed.GetResult(flag) is { Implicit: false, Tokens: [.., { } last] }
            ? last.Value
            : null;

    // CompressionConfig reads the texts and knows the defaults; here wrong ones are refused with the others, before any work.
    private static Option Flag(string name)
    {
        CompressionConfig defaults = new();
        return name switch
        {
            SettingNames.Strategy => Of(
                Domains.Word(("rotated", 0), ("low-rank", 1), ("weight-svd", 2)),
                "Measure fixed ranks too, as low, med and high: of the bases of --profile, or of a decomposition of the weights alone, "
                    + "the baseline.",
                "rotated, which has none"),
            SettingNames.ValueRankLow => Rank("Value rank per head of low, with --compression-strategy.", defaults.ValueRankLow),
            SettingNames.ValueRankMedium => Rank("Value rank per head of med.", defaults.ValueRankMedium),
            SettingNames.ValueRankHigh => Rank("Value rank per head of high.", defaults.ValueRankHigh),
            SettingNames.KeyRank => Rank("Key rank per head of all three.", defaults.KeyRank),
            SettingNames.HeadGroupSize => Of(
                Domains.Word(("1", 1), ("2", 2), ("4", 4)),
                "Neighbouring KV heads that share latents; must divide the model's KV heads.",
                Text(defaults.HeadGroupSize),
                "--head-group"),
            SettingNames.SinkTokens => Of(Domains.Whole(0, int.MaxValue), "First tokens that stay exact.", Text(defaults.SinkTokens)),
            SettingNames.RecentTokens => Of(
                Domains.Whole(0, int.MaxValue), "Latest tokens that stay exact.", Text(defaults.RecentTokens)),
            SettingNames.MemoryCleanupThreshold => Of(
                Domains.Number(0, 1, above: true, "SHARE"), "Share of the memory there is from which on garbage is collected.",
                Text(defaults.MemoryCleanupThreshold)),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "not a setting with a flag"),
        };

        ValueOption<int> Rank(string meaning, int fallback) =>
            Of(Domains.Whole(1, CompressionConfig.MaxRank), meaning, Text(fallback));

        static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

        ValueOption<T> Of<T>(Domain<T> domain, string meaning, string fallback, params string[] aliases) =>
            new([SettingNames.Flag(name), .. aliases], domain, meaning, fallback);
    }
}
