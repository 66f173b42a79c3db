namespace Inferometer.Measurement.Published;

/// <summary>
/// One benchmark of one serving configuration under a closed loop: a fixed number of requests in flight, the next begins when one ends.
/// Somebody else measured it; <see cref="Source"/> says who.
/// </summary>
public sealed record ServingMeasurement
{
    /// <summary>Name of the row in its table.</summary>
    public required string Id { get; init; }

    /// <summary>File it was read from.</summary>
    public required string Table { get; init; }

    /// <summary>Line of the file, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>Who measured, as the table says; empty where it does not.</summary>
    public string Source { get; init; } = "";

    /// <summary>Model, as the table names it: a Hugging Face id.</summary>
    public required string Model { get; init; }

    /// <summary>Device, as the table names it.</summary>
    public required string System { get; init; }

    /// <summary>Serving framework, such as <c>vllm</c>; empty where the table does not say.</summary>
    public string Framework { get; init; } = "";

    /// <summary>Version of the framework; empty where the table does not say.</summary>
    public string Version { get; init; } = "";

    /// <summary>Number format of the weights, as the table names it: <c>bf16</c>, <c>fp8</c>, <c>fp4</c>, <c>int4</c>.</summary>
    public required string Precision { get; init; }

    /// <summary>Number format of the KV cache; empty where the table does not say.</summary>
    public string KvPrecision { get; init; } = "";

    /// <summary>Prompt tokens that the benchmark was set to.</summary>
    public required int NominalInputTokens { get; init; }

    /// <summary>Output tokens that the benchmark was set to.</summary>
    public required int NominalOutputTokens { get; init; }

    /// <summary>
    /// How far below the nominal length a request may be, 0 to 1: lengths are drawn uniformly from (1 - spread) x nominal to nominal. 0.2
    /// for InferenceX, whose rows are therefore 10 % shorter than they say; 0 where lengths are what they say.
    /// </summary>
    public double LengthSpread { get; init; }

    /// <summary>
    /// It counts what users see who have been there for a while (a warm-up is left out, and users began one after the other), as this
    /// program's <c>load</c> measures; otherwise the burst of all users at the beginning counts too.
    /// </summary>
    public bool IsWarm { get; init; }

    /// <summary>Median time between two tokens of an answer, milliseconds; null where it is not told.</summary>
    public double? MedianItlMs { get; init; }

    /// <summary>Mean prompt tokens of a request.</summary>
    public double InputTokens => NominalInputTokens * (1 - (LengthSpread / 2));

    /// <summary>Mean output tokens of a request.</summary>
    public double OutputTokens => NominalOutputTokens * (1 - (LengthSpread / 2));

    /// <summary>Requests in flight over the whole deployment; 0 where a flagged row does not say.</summary>
    public required int Concurrency { get; init; }

    /// <summary>The engine that generates; it reads prompts too unless <see cref="PrefillEngine"/> does.</summary>
    public required EnginePool Engine { get; init; }

    /// <summary>Separate workers that read the prompts; null where one engine does both.</summary>
    public EnginePool? PrefillEngine { get; init; }

    /// <summary>Devices of the whole deployment.</summary>
    public int Devices => Engine.Devices + (PrefillEngine?.Devices ?? 0);

    /// <summary>Time to first token, milliseconds, on the client's side, queueing included; null where it was not recorded.</summary>
    public double? TtftMs { get; init; }

    /// <summary>Mean time per output token after the first, milliseconds; null where it was not recorded.</summary>
    public double? TpotMs { get; init; }

    /// <summary>End to end: TTFT + (output tokens - 1) x TPOT, milliseconds; null where either is missing.</summary>
    public double? EndToEndMs => TtftMs + ((OutputTokens - 1) * TpotMs);

    /// <summary>What is wrong with the row, as the table says; empty = nothing.</summary>
    public string Flag { get; init; } = "";

    /// <summary>The same measurement stands in another row.</summary>
    public bool IsDuplicate { get; init; }

    /// <summary>True for rows that accuracy may be judged by.</summary>
    public bool IsGood => Flag.Length == 0 && !IsDuplicate;
}
