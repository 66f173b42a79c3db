using System.Text.Json.Serialization;

namespace Inferometer.History.Records;

/// <summary>How a figure comes from the values behind it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Statistic>))]
public enum Statistic
{
    /// <summary>There are no values behind it.</summary>
    None,

    /// <summary>Arithmetic mean.</summary>
    Mean,

    /// <summary>Standard deviation of the population.</summary>
    StandardDeviation,

    /// <summary>50th percentile.</summary>
    Median,

    /// <summary>90th percentile.</summary>
    P90,

    /// <summary>95th percentile.</summary>
    P95,

    /// <summary>99th percentile.</summary>
    P99,
}
