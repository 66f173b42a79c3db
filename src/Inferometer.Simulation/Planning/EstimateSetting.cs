using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Planning;

/// <summary>
/// One thing that can be said of an estimate, declared once: the option that says it, the parameter of the simulation that it becomes, its
/// default, its
/// column in tables and its line in the documentation are all made from here. Add one to <see cref="EstimateSettings.All"/>.
/// </summary>
public sealed record EstimateSetting
{
    /// <summary>Name of the option, such as <c>--tp</c>.</summary>
    public required string Option { get; init; }

    /// <summary>Other names of the option, such as <c>-ngl</c>.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>What stands for its value in help, such as <c>N</c>.</summary>
    public required string ValueName { get; init; }

    /// <summary>One line: what it says.</summary>
    public required string Description { get; init; }

    /// <summary>Parameter of the simulation, or <c>group.member</c>.</summary>
    public required string Parameter { get; init; }

    /// <summary>
    /// Reads its text; null = as if it had not been said. Throws an <see cref="InferometerException"/> that says what is allowed.
    /// </summary>
    public required Func<string, JsonNode?> Read { get; init; }

    /// <summary>What its value may be where <see cref="ValueName"/> does not say it all, such as <c>1 to 1024</c>.</summary>
    public string? Range { get; init; }

    /// <summary>Least and most value of a whole number; null = it is none, or has no bounds of its own.</summary>
    public (int Least, int Most)? Bounds { get; init; }

    /// <summary>A setting of which it takes the values too; those that it can read are said of that one. Null = none.</summary>
    public EstimateSetting? Includes { get; init; }

    /// <summary>What is taken where nothing is said, as text; null = nothing.</summary>
    public string? Default { get; init; }

    /// <summary>A configuration states the default as well.</summary>
    public bool IsAlwaysStated { get; init; }

    /// <summary>Phases that read it; empty = whatever is simulated.</summary>
    public IReadOnlyList<string> Phases { get; init; } = [];

    /// <summary>Parameter without which it means nothing; null = it stands by itself.</summary>
    public string? OnlyWith { get; init; }

    /// <summary>Heading of its column in tables; null where it has no column of its own.</summary>
    public string? Heading { get; init; }

    /// <summary>Key of that column in CSV and JSON; null = the parameter.</summary>
    public string? Key { get; init; }

    /// <summary>A whole number.</summary>
    /// <param name="option">Name of the option.</param>
    /// <param name="parameter">Parameter of the simulation.</param>
    /// <param name="least">Smallest value allowed.</param>
    /// <param name="most">Largest value allowed.</param>
    /// <param name="fallback">What is taken where nothing is said.</param>
    /// <param name="description">One line.</param>
    public static EstimateSetting Whole(string option, string parameter, int least, int most, int fallback, string description) => new()
    {
        Option = option,
        ValueName = "N",
        Description = description,
        Parameter = parameter,
        Default = fallback.ToString(CultureInfo.InvariantCulture),
        Range = string.Create(CultureInfo.InvariantCulture, $"{least} to {most}"),
        Bounds = (least, most),
        Read = text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && text.TrimStart('-').All(char.IsAsciiDigit) && value >= least && value <= most
                ? JsonValue.Create(value)
                : throw Wrong(option, text, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}")),
    };

    /// <summary>A number format, such as <c>bf16</c> or <c>q4_k</c>.</summary>
    /// <param name="option">Name of the option.</param>
    /// <param name="parameter">Parameter of the simulation.</param>
    /// <param name="description">One line.</param>
    public static EstimateSetting Format(string option, string parameter, string description) => new()
    {
        Option = option,
        ValueName = "FORMAT",
        Description = description,
        Parameter = parameter,
        Read = text => JsonValue.Create(Precision.Parse(text, option).Name),
    };

    /// <summary>A format of weights, such as <c>fp8</c> or <c>q4_k_m</c>, or <c>published</c> for the checkpoint's own.</summary>
    /// <param name="option">Name of the option.</param>
    /// <param name="parameter">Parameter of the simulation.</param>
    /// <param name="description">One line.</param>
    public static EstimateSetting WeightFormat(string option, string parameter, string description) => new()
    {
        Option = option,
        ValueName = "FORMAT",
        Description = description,
        Parameter = parameter,
        Read = text => JsonValue.Create(WeightFormatName(text, option)),
    };

    /// <summary>
    /// The value of this setting in a configuration, or its default where the configuration does not say; null where it is not read.
    /// </summary>
    /// <param name="parameters">Parameters of the simulation.</param>
    /// <param name="phases">Phases that are simulated.</param>
    public JsonNode? In(Configuration.ParameterBag parameters, IReadOnlyList<string> phases)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(phases);
        return IsReadBy(phases) && (OnlyWith is null || Given(parameters, OnlyWith) is not null)
            ? Given(parameters, Parameter) ?? (Default is null ? null : Read(Default))
            : null;
    }

    /// <summary>Whether any of the phases reads it.</summary>
    public bool IsReadBy(IReadOnlyList<string> phases) => Phases.Count == 0 || Phases.Any(p => phases.Contains(p, StringComparer.Ordinal));

    /// <summary>Writes a value into parameters.</summary>
    /// <param name="parameters">Parameters of the simulation.</param>
    /// <param name="value">The value.</param>
    public void Write(JsonObject parameters, JsonNode value)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        string[] path = Parameter.Split('.');
        if (path.Length == 1)
        {
            parameters[path[0]] = value;
            return;
        }

        if (parameters[path[0]] is not JsonObject group)
        {
            parameters[path[0]] = group = [];
        }

        group[path[1]] = value;
    }

    /// <summary>Reads a text for the setting that it belongs to: this one, or the one it includes.</summary>
    /// <exception cref="InferometerException">Neither takes it.</exception>
    public (EstimateSetting Setting, JsonNode? Value) ReadFor(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Includes is not { } other)
        {
            return (this, Read(text));
        }

        try
        {
            return (other, other.Read(text));
        }
        catch (InferometerException)
        {
            return (this, Read(text));
        }
    }

    /// <summary>A whole number in digits within bounds; null where the text is none.</summary>
    internal static int? TryWhole(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : null;

    /// <summary>A number with a decimal point or an exponent; null where the text is none.</summary>
    internal static double? TryNumber(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double value)
            && text.All(c => char.IsAsciiDigit(c) || c is '.' or '-' or '+' or 'e' or 'E')
            ? value
            : null;

    /// <summary>The error for a text that a setting does not take.</summary>
    internal static InferometerException Wrong(string option, string text, string allowed)
    {
        const int Letters = 60;
        string quoted = text.Length <= Letters
            ? $"'{text}'"
            : string.Create(CultureInfo.InvariantCulture, $"'{text.AsSpan(0, Letters)}...' ({text.Length} letters)");
        return new InferometerException($"{option}: {quoted} is not allowed; it must be {allowed}.");
    }

    // A name that stands for another by approximation is kept, so that the result can say so.
    private static string WeightFormatName(string text, string option)
    {
        string key = text.Trim().ToLowerInvariant().Replace('-', '_');
        if (key is FormatChoice.Published)
        {
            return key;
        }

        WeightScheme scheme = WeightFormats.Find(text, option);
        return scheme.Note is null ? scheme.Name : key;
    }

    private static JsonNode? Given(Configuration.ParameterBag parameters, string parameter)
    {
        string[] path = parameter.Split('.');
        JsonNode? node = parameters.Raw(path[0]);
        return path.Length == 1 ? node : node is JsonObject group ? group[path[1]] : null;
    }
}
