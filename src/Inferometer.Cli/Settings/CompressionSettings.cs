using System.CommandLine;
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
    private readonly Option<int> _threads = EngineOptions.ThreadsOption();

    private readonly Option<string> _file = new("--config")
    {
        HelpName = "FILE",
        Description =
            "JSON file of settings, such as { \"recent_tokens\": 64 }; flags and environment variables (RECENT_TOKENS) come before it.",
    };

    /// <summary>The model to work on.</summary>
    public Argument<string?> Model { get; } = ModelArgument.OrBundled();

    /// <summary>Offers settings as flags; the model and the threads are always among them.</summary>
    /// <param name="names">Of <see cref="SettingNames"/>.</param>
    public CompressionSettings(params ReadOnlySpan<string> names)
    {
        Model.Description =
            "A .gguf file or a Hugging Face folder. [default: LLAMA_MODEL_PATH, else the small model that comes with the program]";
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
        _ = EngineOptions.Threads(parsed, _threads);
        SettingsSource source = SettingsSource.Of(name => Given(parsed, name), SettingNames.Flag).Before(SettingsSource.Environment);
        if (parsed.GetValue(_file) is { } file)
        {
            source = source.Before(SettingsSource.FromFile(file));
        }

        ModelConfig model = ModelConfig.From(source);
        ModelLocation location = parsed.GetValue(Model) is { } named ? ModelLocation.Resolve(named) : Configured(model.ModelPath, source);
        return (location, model with { ModelPath = location.Path }, CompressionConfig.From(source));
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

    private static Option<string> Flag(string name)
    {
        return name switch
        {
            SettingNames.Strategy => Of(
                "rotated|low-rank|weight-svd",
                "Measure fixed ranks too, as low, med and high: of the bases of --profile, or of a decomposition of the weights alone, "
                    + "the baseline. [default: rotated, which has none]"),
            SettingNames.ValueRankLow => Of("N", "Value rank per head of low, with --compression-strategy. [default: 32]"),
            SettingNames.ValueRankMedium => Of("N", "Value rank per head of med. [default: 64]"),
            SettingNames.ValueRankHigh => Of("N", "Value rank per head of high. [default: 128]"),
            SettingNames.KeyRank => Of("N", "Key rank per head of all three. [default: 32]"),
            SettingNames.HeadGroupSize =>
                Of("1|2|4", "Neighbouring KV heads that share latents; must divide the model's KV heads. [default: 1]", "--head-group"),
            SettingNames.SinkTokens => Of("N", "First tokens that stay exact. [default: 4]"),
            SettingNames.RecentTokens => Of("N", "Latest tokens that stay exact. [default: 128]"),
            SettingNames.MemoryCleanupThreshold =>
                Of("SHARE", "Share of the memory there is from which on garbage is collected, above 0 to 1. [default: 0.8]"),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "not a setting with a flag"),
        };

        Option<string> Of(string help, string description, params string[] aliases) =>
            new(SettingNames.Flag(name), aliases) { HelpName = help, Description = description };
    }
}
