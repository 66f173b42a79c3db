using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Compression.Configuration;

/// <summary>
/// Where settings come from. A setting has one name, such as <c>COMPRESSION_RANK_LOW</c>: an environment variable as it is, a member
/// <c>compression_rank_low</c> of a JSON file, or a flag <c>--compression-rank-low</c>. Immutable; thread-safe.
/// </summary>
public sealed class SettingsSource
{
    private readonly Func<string, string?> _read;
    private readonly Func<string, string> _describe;

    private SettingsSource(Func<string, string?> read, Func<string, string> describe) => (_read, _describe) = (read, describe);

    /// <summary>The environment of the process.</summary>
    public static SettingsSource Environment { get; } = new(System.Environment.GetEnvironmentVariable, name => $"environment variable {name}");

    /// <summary>Variables given as a table, read as the environment is.</summary>
    public static SettingsSource FromVariables(IReadOnlyDictionary<string, string> variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        return new SettingsSource(name => variables.GetValueOrDefault(name), name => $"environment variable {name}");
    }

    /// <summary>Flags: <c>--name value</c> or <c>--name=value</c>; other arguments are left alone.</summary>
    public static SettingsSource FromFlags(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        static string Flag(string name) => "--" + name.ToLowerInvariant().Replace('_', '-');
        string? Read(string name)
        {
            string flag = Flag(name);
            for (int i = arguments.Count - 1; i >= 0; i--)
            {
                if (arguments[i].StartsWith(flag + "=", StringComparison.Ordinal))
                {
                    return arguments[i][(flag.Length + 1)..];
                }

                if (string.Equals(arguments[i], flag, StringComparison.Ordinal))
                {
                    return i + 1 < arguments.Count ? arguments[i + 1] : throw new InferometerException($"flag {flag} needs a value.");
                }
            }

            return null;
        }

        return new SettingsSource(Read, name => $"flag {Flag(name)}");
    }

    /// <summary>A JSON file with one flat object.</summary>
    /// <exception cref="InferometerException">The file cannot be read or is not such an object.</exception>
    public static SettingsSource FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                values[member.Name] = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            throw new InferometerException($"{path}: not a settings file (one flat JSON object): {error.Message}", error);
        }

        return new SettingsSource(name => values.GetValueOrDefault(name), name => $"{path}: {name.ToLowerInvariant()}");
    }

    /// <summary>The text of a setting, null where it is not set or empty.</summary>
    internal string? Text(string name) => _read(name) is { Length: > 0 } text ? text : null;

    internal int Integer(string name, int fallback, int least, int most)
    {
        if (Text(name) is not string text)
        {
            return fallback;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw Wrong(name, text, $"a whole number from {least} to {most}");
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

    private InferometerException Wrong(string name, string value, string allowed) => new($"{_describe(name)} is '{value}'; allowed: {allowed}.");
}
