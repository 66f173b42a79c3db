namespace Inferometer.Simulation.Compatibility;

/// <summary>What is compared with device memory; activations are not counted.</summary>
/// <param name="WeightsMib">Weights, MiB.</param>
/// <param name="KvCacheMib">Keys and values of the full output length, MiB.</param>
/// <param name="UnusedWeightsMib">Weights among them that no token uses, MiB.</param>
/// <param name="Divisor">What the sum is divided by.</param>
public sealed record CompatibilityCapacity(double WeightsMib, double KvCacheMib, double UnusedWeightsMib, int Divisor)
{
    /// <summary>Weights and cache, MiB.</summary>
    public double RequiredMib => WeightsMib + KvCacheMib;

    /// <summary>Weights and cache as compared with one device, MiB.</summary>
    public double RequiredMibPerDevice => RequiredMib / Divisor;
}

/// <summary>Outcome of one simulated phase.</summary>
public sealed record CompatibilityResult
{
    /// <summary>The cost model: <c>genz</c> or <c>bud</c>.</summary>
    public required string CostModel { get; init; }

    /// <summary>
    /// Prefill: the prompt. Decode: one output token. Chunked: one step. Speculative: one draft-and-verify round. Milliseconds, of one
    /// micro-batch.
    /// </summary>
    public required double LatencyMs { get; init; }

    /// <summary>
    /// Prefill: requests per second. Everywhere else tokens per second, where a chunked entry of several sequences counts once.
    /// </summary>
    public required double Throughput { get; init; }

    /// <summary>Prompt tokens per second for prefill, otherwise equal to <see cref="Throughput"/>.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Part of the memory need is read over the host link.</summary>
    public bool IsOffloaded { get; init; }

    /// <summary>Sums over operators; in decode those of the first generated token, in speculation full model plus one draft step.</summary>
    public required CompatibilityTotals Totals { get; init; }

    /// <summary>Times by part of the network; in speculation of the full model alone.</summary>
    public required CompatibilityBreakdown Breakdown { get; init; }

    /// <summary>The capacity check, or null for speculation, which has none.</summary>
    public CompatibilityCapacity? Capacity { get; init; }

    /// <summary>The priced operators, in order.</summary>
    public required IReadOnlyList<CompatibilityOperator> Operators { get; init; }

    /// <summary>Tokens a speculative round yields on average; null for the other phases.</summary>
    public double? TokensPerRound { get; init; }

    /// <summary>Distinct operators.</summary>
    public int TemplateOperatorCount => Operators.Count;

    /// <summary>Operators with layers repeated.</summary>
    public int ExpandedOperatorCount => Operators.Sum(o => o.Count);
}
