using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Compression.Configuration;

/// <summary>Where settings come from: the environment, a file, flags, or one of these before another. Immutable; thread-safe.</summary>
public sealed class SettingsSource
{
    private readonly Func<string, (string Text, string Origin)?> _find;

    private SettingsSource(Func<string, (string Text, string Origin)?> find) => _find = find;

    /// <summary>The environment of the process.</summary>
    public static SettingsSource Environment { get; } = Of(
        System.Environment.GetEnvironmentVariable, name => $"environment variable {name}");

    /// <summary>Any other place.</summary>
    /// <param name="read">The text of a setting of <see cref="SettingNames"/>; null or empty where it is not set.</param>
    /// <param name="describe">What messages call the place of a setting, such as <c>--sink-tokens</c>.</param>
    public static SettingsSource Of(Func<string, string?> read, Func<string, string> describe)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(describe);
        return new SettingsSource(name => read(name) is { Length: > 0 } text ? (text, describe(name)) : null);
    }

    /// <summary>A JSON file with one flat object.</summary>
    /// <exception cref="InferometerException">The file cannot be read, is not such an object, or names a setting that does not
    /// exist.</exception>
    public static SettingsSource FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                values[member.Name] = member.Value.ValueKind == JsonValueKind.String
                    ? member.Value.GetString()!
                    : member.Value.GetRawText();
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            throw new InferometerException($"{path}: not a configuration file (one flat JSON object): {JsonFault.Describe(error)}", error);
        }

        // A misspelt name would otherwise leave the default in force without a word.
        if (values.Keys.FirstOrDefault(name => !SettingNames.All.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw new InferometerException(
                $"{path}: there is no setting '{unknown}'; allowed are {string.Join(", ", SettingNames.All.Select(SettingNames.Member))}.");
        }

        return Of(values.GetValueOrDefault, name => $"{path}: {SettingNames.Member(name)}");
    }

    /// <summary>This source where it has a setting, another where it has not.</summary>
    public SettingsSource Before(SettingsSource other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new SettingsSource(name => _find(name) ?? other._find(name));
    }

    /// <summary>Where a setting's value comes from, for messages; null where it is not set.</summary>
    public string? Origin(string name) => _find(name)?.Origin;

    /// <summary>The text of a setting, null where it is not set or empty.</summary>
    internal string? Text(string name) => _find(name)?.Text;

    internal int Integer(string name, int fallback, int least, int most)
    {
        if (Text(name) is not string text)
        {
            return fallback;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= least && value <= most
            ? value
            : throw Wrong(name, text, most == int.MaxValue ? $"a whole number, {least} or more" : $"a whole number from {least} to {most}");
    }

    internal double Fraction(string name, double fallback)
    {
        if (Text(name) is not string text)
        {
            return fallback;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value is > 0 and <= 1
            ? value
            : throw Wrong(name, text, "a number above 0, at most 1");
    }

    internal T Choice<T>(string name, T fallback, params ReadOnlySpan<(string Text, T Value)> choices)
    {
        if (Text(name) is not string text)
        {
            return fallback;
        }

        var names = new List<string>(choices.Length);
        foreach ((string choice, T value) in choices)
        {
            if (string.Equals(choice, text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }

            names.Add(choice);
        }

        throw Wrong(name, text, string.Join(", ", names));
    }

    private InferometerException Wrong(string name, string value, string allowed) =>
        new($"{Origin(name)} is '{value}'; allowed: {allowed}.");
}
