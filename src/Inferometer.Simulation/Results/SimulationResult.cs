using System.Text.Json;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Results;

/// <summary>
/// The outcome of one simulation, the same for every type and cost model. Written to JSON and read back without loss.
/// Times are milliseconds, rates per second, sizes bytes.
/// </summary>
public sealed record SimulationResult
{
    /// <summary>What the simulation covered.</summary>
    public required SimulationType SimulationType { get; init; }

    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>The system.</summary>
    public required string System { get; init; }

    /// <summary>Devices the deployment takes.</summary>
    public required int Devices { get; init; }

    /// <summary>The cost model that priced the operators.</summary>
    public required string CostModel { get; init; }

    /// <summary>Features that were on, those implied by parameters included.</summary>
    public required IReadOnlyList<string> Features { get; init; }

    /// <summary>
    /// Prefill: the whole prompt. Decode: one token of every sequence. End to end: the whole request. Chunked: the step. Milliseconds.
    /// </summary>
    public required double Latency { get; init; }

    /// <summary>Range <see cref="Latency"/> is expected in; null where the cost model gives none.</summary>
    public Interval? LatencyInterval { get; init; }

    /// <summary>
    /// Tokens per second over the deployment. Prefill: prompt tokens. Decode: generated tokens. End to end: both. Chunked: tokens of the
    /// step.
    /// </summary>
    public required double Throughput { get; init; }

    /// <summary>Range <see cref="Throughput"/> is expected in; null where the cost model gives none.</summary>
    public Interval? ThroughputInterval { get; init; }

    /// <summary>Milliseconds of <see cref="Latency"/> by part of the network, one part after another.</summary>
    public required IReadOnlyDictionary<string, double> RuntimeBreakdown { get; init; }

    /// <summary>What users and operators of the deployment see.</summary>
    public required SimulationMetrics Metrics { get; init; }

    /// <summary>Figures of single features, by feature.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>> FeatureMetrics { get; init; }

    /// <summary>The number formats; null in results written before they were told.</summary>
    public FormatReport? Formats { get; init; }

    /// <summary>Memory of the fullest device; null where the cost model has no notion of it.</summary>
    public MemoryEstimate? MemoryUsage { get; init; }

    /// <summary>How much of the hardware each phase uses, by phase.</summary>
    public required IReadOnlyDictionary<string, HardwareUtilization> HardwareUtilization { get; init; }

    /// <summary>The operators of each phase, by phase.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<OperatorResult>> Operators { get; init; }

    /// <summary>What the figures rest on and how far measurements may lie from them; null where the cost model does not know.</summary>
    public EstimateBasis? Basis { get; init; }

    /// <summary>What makes the result doubtful: a context longer than the model was made for, an unverified parameter count.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What was assumed, one sentence each.</summary>
    public required IReadOnlyList<string> Assumptions { get; init; }

    /// <summary>Writes indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ResultJson.Default.SimulationResult);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="InferometerException">Not JSON, or not a result.</exception>
    public static SimulationResult FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ResultJson.Default.SimulationResult)
                ?? throw new InferometerException("The JSON text is null, not a simulation result.");
        }
        catch (JsonException error)
        {
            throw new InferometerException($"Not a simulation result: {error.Message}", error);
        }
    }
}
