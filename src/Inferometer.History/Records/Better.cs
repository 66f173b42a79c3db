using System.Text.Json.Serialization;

namespace Inferometer.History.Records;

/// <summary>Which way a figure is better.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Better>))]
public enum Better
{
    /// <summary>Neither: it describes.</summary>
    Neither,

    /// <summary>Less is better.</summary>
    Lower,

    /// <summary>More is better.</summary>
    Higher,
}
