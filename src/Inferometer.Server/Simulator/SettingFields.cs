using System.Globalization;
using System.Text.Json;
using Inferometer.Server.Wire;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Server.Simulator;

/// <summary>
/// The fields of a request that are declared as settings: each read as its declaration allows, numbers also where they stand in texts, as
/// options have them. Not thread-safe.
/// </summary>
/// <param name="request">The request.</param>
/// <param name="settings">What may be said.</param>
internal sealed class SettingFields(RequestFields request, IReadOnlyList<ServiceSetting> settings)
{
    private const string Files = "file:";

    /// <summary>Whether a field is there.</summary>
    public bool Has(string name) => EstimateReader.TryGet(request, Find(name).Name, out _);

    /// <summary>A yes or no; no where it is not there.</summary>
    /// <exception cref="ApiException">It is neither.</exception>
    public bool Flag(string name) => EstimateReader.Flag(request, Find(name).Name) ?? false;

    /// <summary>A text or a number as a text; null where it is not there.</summary>
    /// <exception cref="ApiException">It is something else.</exception>
    public string? Text(string name) =>
        EstimateReader.TryGet(request, Find(name).Name, out JsonElement value) ? TextOf(name, value) : null;

    /// <summary>Several texts, in a list or with commas between them; none where the field is not there.</summary>
    /// <exception cref="ApiException">One of them is empty, or neither text nor number.</exception>
    public string[] Texts(string name)
    {
        if (!EstimateReader.TryGet(request, Find(name).Name, out JsonElement value))
        {
            return [];
        }

        string[] texts = value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(item => TextOf(name, item))]
            : TextOf(name, value).Split(',', StringSplitOptions.TrimEntries);
        return texts.Length is > 0 and <= SimulatorLimits.Values && !texts.Any(string.IsNullOrWhiteSpace)
            ? texts
            : throw request.Wrong(
                name, string.Create(CultureInfo.InvariantCulture, $"a value, or a list of at most {SimulatorLimits.Values}, none empty"));
    }

    /// <summary>One of the words that the setting takes; its default where the field is not there.</summary>
    /// <exception cref="ApiException">It is another word.</exception>
    public string? Word(string name)
    {
        ServiceSetting setting = Find(name);
        return (Text(name) ?? setting.Default) is not { } word ? null
            : setting.Words.FirstOrDefault(w => string.Equals(w, word, StringComparison.OrdinalIgnoreCase))
                ?? throw request.Wrong(name, string.Join(", ", setting.Words));
    }

    /// <summary>A whole number; null where it is not there.</summary>
    /// <exception cref="ApiException">It is no such number, or out of range.</exception>
    public int? Whole(string name) => Number(name) is { } value ? WholeOf(name, value) : null;

    /// <summary>Several whole numbers, each once and in order; none where the field is not there.</summary>
    /// <exception cref="ApiException">One of them is no such number, or out of range.</exception>
    public int[] Wholes(string name) =>
        [.. Texts(name).Select(text => WholeOf(name, NumberOf(name, text))).Distinct().Order()];

    /// <summary>A number; null where it is not there.</summary>
    /// <exception cref="ApiException">It is none, or out of range.</exception>
    public double? Number(string name) => Text(name) is { } text ? NumberOf(name, text) : null;

    /// <summary>How lengths are spread; the default where the field is not there, null where it has none.</summary>
    /// <exception cref="ApiException">It is no such spread, or names a file.</exception>
    public LengthDistribution? Length(string name)
    {
        string? text = Text(name) ?? Find(name).Default;
        return text is null ? null : text.StartsWith(Files, StringComparison.Ordinal)
            ? throw ApiException.Invalid(name, $"{name}: files cannot be named over HTTP; give the lengths by a distribution.")
            : Parsed(name, text, given => LengthDistribution.Parse(given, name));
    }

    /// <summary>What a text says; errors of the reader are those of the field.</summary>
    /// <param name="name">The field.</param>
    /// <param name="text">The text.</param>
    /// <param name="parse">Reads it.</param>
    /// <exception cref="ApiException">It is not as the reader has it.</exception>
    public static T Parsed<T>(string name, string text, Func<string, T> parse) => EstimateReader.Refusing(() => parse(text), name);

    private ServiceSetting Find(string name) => settings.First(s => string.Equals(s.Name, name, StringComparison.Ordinal));

    private string TextOf(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => request.StringOf(value, name),
        JsonValueKind.Number => value.GetRawText(),
        _ => throw request.Wrong(name, "a text or a number"),
    };

    private double NumberOf(string name, string text)
    {
        ServiceSetting setting = Find(name);
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number <= setting.Most
            && (setting.IsAbove ? number > setting.Least : number >= setting.Least)
                ? number
                : throw request.Wrong(name, ServiceSettings.AllowedOf(setting));
    }

    private int WholeOf(string name, double value) =>
        value == Math.Floor(value) ? (int)value : throw request.Wrong(name, ServiceSettings.AllowedOf(Find(name)));
}
