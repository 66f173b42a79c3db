using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Serving.Arrivals;

/// <summary>How a kind of trace names its fields, and what its times are. The names are those of the formats' own documentation.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Time">Field of the time of arrival.</param>
/// <param name="Input">Field of the prompt's tokens.</param>
/// <param name="Output">Field of the generated tokens.</param>
/// <param name="SecondsPerUnit">Of the time; 0 = it is a date with a time of day.</param>
internal sealed record TraceLayout(string Name, string Time, string Input, string Output, double SecondsPerUnit = 1)
{
    /// <summary>Tokens that one of Mooncake's block hashes stands for (Mooncake traces, FAST'25; AIPerf reads them alike).</summary>
    public const int MooncakeBlockTokens = 512;

    /// <summary>Field of Mooncake's block hashes.</summary>
    public const string HashIds = "hash_ids";

    /// <summary>This program's own, whose every field is known.</summary>
    public static TraceLayout Own { get; } = new("inferometer", "time", "input", "output");

    /// <summary>Those of other projects, whose other fields are passed over.</summary>
    public static IReadOnlyList<TraceLayout> Foreign { get; } =
    [
        new("Azure LLM inference trace", "TIMESTAMP", "ContextTokens", "GeneratedTokens", 0),
        new("Mooncake / AIPerf", "timestamp", "input_length", "output_length", 1e-3),
        new("LLMServingSim", "arrival_time_ns", "input_toks", "output_toks", 1e-9),
        new("Vidur", "arrived_at", "num_prefill_tokens", "num_decode_tokens"),
        new("BurstGPT", "Timestamp", "Request tokens", "Response tokens"),
        new("per-request measurements", "arrival_s", "input_tokens", "output_tokens"),
    ];

    /// <summary>All fields that it needs.</summary>
    public IReadOnlyList<string> Required => [Time, Input, Output];

    /// <summary>The layout of a trace with these fields: a foreign one where all that it needs are there, otherwise our own.</summary>
    public static TraceLayout Of(IReadOnlyCollection<string> fields) =>
        Foreign.FirstOrDefault(l => l.Required.All(f => fields.Contains(f, StringComparer.Ordinal))) ?? Own;

    /// <summary>Reads a time.</summary>
    /// <param name="text">The field; null = it is missing.</param>
    /// <param name="origin">Time of the first request, which a date counts from; set by it.</param>
    /// <param name="where">The line, for errors.</param>
    public double Seconds(string? text, ref DateTimeOffset? origin, string where)
    {
        if (SecondsPerUnit > 0)
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                ? value * SecondsPerUnit
                : throw new InferometerException($"{where}: {Time} is {text ?? "missing"}; expected is a number.");
        }

        string? time = text?.Trim('"');
        if (!DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date))
        {
            throw new InferometerException(
                $"{where}: {Time} is {text ?? "missing"}; expected is a date and time such as 2024-05-10 00:00:00.01.");
        }

        origin ??= date;
        return (date - origin.Value).TotalSeconds;
    }

    /// <summary>What can be read, for messages.</summary>
    public static string Known => string.Join("; ", Foreign.Select(l => $"{string.Join(", ", l.Required)} ({l.Name})"));
}
