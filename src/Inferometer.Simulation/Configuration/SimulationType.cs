using System.Text.Json.Serialization;

namespace Inferometer.Simulation.Configuration;

/// <summary>What a simulation covers; it follows from the features that are on.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SimulationType>))]
public enum SimulationType
{
    /// <summary>Prompts only: feature <c>prefill</c>.</summary>
    [JsonStringEnumMemberName("prefill")]
    Prefill,

    /// <summary>Generation after the prompt: feature <c>decode</c>.</summary>
    [JsonStringEnumMemberName("decode")]
    Decode,

    /// <summary>Both: features <c>prefill</c> and <c>decode</c>.</summary>
    [JsonStringEnumMemberName("end_to_end")]
    EndToEnd,

    /// <summary>One mixed step: feature <c>chunked</c>.</summary>
    [JsonStringEnumMemberName("chunked")]
    Chunked,
}
