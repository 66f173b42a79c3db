using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Results;

/// <summary>One operator of a phase. Amounts are of a single execution; <see cref="Count"/> of them make the step.</summary>
public sealed record OperatorResult
{
    /// <summary>Name, such as <c>qkv_projection</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Part of the network.</summary>
    public required string Group { get; init; }

    /// <summary>Distinct layer, counted from 0; -1 = outside the layers.</summary>
    public required int LayerClass { get; init; }

    /// <summary>Executions in the step.</summary>
    public required int Count { get; init; }

    /// <summary>Operations; a multiply-add is two.</summary>
    public required double Flops { get; init; }

    /// <summary>Weight bytes read.</summary>
    public required double WeightBytes { get; init; }

    /// <summary>KV-cache bytes read and written.</summary>
    public required double KvBytes { get; init; }

    /// <summary>Activation bytes read and written.</summary>
    public required double ActivationBytes { get; init; }

    /// <summary>Bytes of the collective's message.</summary>
    public required double CollectiveBytes { get; init; }

    /// <summary>Milliseconds of one execution.</summary>
    public required double LatencyMs { get; init; }

    /// <summary>Milliseconds of all executions.</summary>
    public required double TotalMs { get; init; }

    /// <summary>What governs the time.</summary>
    public required string Bound { get; init; }

    /// <summary>Share of peak arithmetic.</summary>
    public required double FlopUtilization { get; init; }

    /// <summary>Share of peak memory bandwidth.</summary>
    public required double BandwidthUtilization { get; init; }

    /// <summary>FLOPs per byte.</summary>
    public required double ArithmeticIntensity { get; init; }

    internal static OperatorResult From(OperatorRow row) => new()
    {
        Name = row.Name,
        Group = ResultNames.Of(row.Group),
        LayerClass = row.LayerClass,
        Count = row.Count,
        Flops = row.Flops,
        WeightBytes = row.WeightBytes,
        KvBytes = row.KvReadBytes + row.KvWriteBytes,
        ActivationBytes = row.ActivationReadBytes + row.ActivationWriteBytes,
        CollectiveBytes = row.CollectiveBytes,
        LatencyMs = row.Seconds * 1000,
        TotalMs = row.TotalSeconds * 1000,
        Bound = ResultNames.Of(row.Bound),
        FlopUtilization = row.FlopUtilization,
        BandwidthUtilization = row.BandwidthUtilization,
        ArithmeticIntensity = row.ArithmeticIntensity,
    };
}
