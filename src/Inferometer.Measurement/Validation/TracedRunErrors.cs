using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Validation;

/// <summary>One time of a recorded run beside its replay, over the run and request by request.</summary>
public sealed record TracedRunErrors
{
    /// <summary>Name of the run.</summary>
    public required string Run { get; init; }

    /// <summary>What ran, for people.</summary>
    public required string Label { get; init; }

    /// <summary>The time: <c>TTFT</c>, <c>TPOT</c> or <c>E2E</c>, on the engine's side.</summary>
    public required string Metric { get; init; }

    /// <summary>Requests that have it.</summary>
    public required int Requests { get; init; }

    /// <summary>Mean over the requests as recorded, milliseconds.</summary>
    public required double MeasuredMs { get; init; }

    /// <summary>Mean over the requests as replayed, milliseconds.</summary>
    public required double PredictedMs { get; init; }

    /// <summary>
    /// Where nine in ten measured means of such cases are expected, milliseconds; null where the cost model does not say.
    /// </summary>
    public Interval? RangeMs { get; init; }

    /// <summary>Relative error of the mean.</summary>
    public double MeanError => (PredictedMs / MeasuredMs) - 1;

    /// <summary>Relative error of the 50th percentile over the requests.</summary>
    public required double P50Error { get; init; }

    /// <summary>Relative error of the 90th percentile.</summary>
    public required double P90Error { get; init; }

    /// <summary>Relative error of the 99th percentile.</summary>
    public required double P99Error { get; init; }

    /// <summary>Relative errors of the single requests, each beside its own replay.</summary>
    public required ErrorStatistics Each { get; init; }
}
