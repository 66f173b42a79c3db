using System.Text.Json.Serialization;

namespace Inferometer.History.Records;

/// <summary>Whether the figures of a run were computed or taken.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunArm>))]
public enum RunArm
{
    /// <summary>Computed by a model.</summary>
    Predicted,

    /// <summary>Taken from something that ran.</summary>
    Measured,
}
