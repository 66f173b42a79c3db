using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Origins;
using Inferometer.Serving;

namespace Inferometer.Simulation.Serving;

/// <summary>What a simulated service did.</summary>
public sealed record ServiceResult
{
    /// <summary>Latencies, rates and goodput of the measured requests, as an engine records them of itself.</summary>
    public required Predicted<ServingReport> Report { get; init; }

    /// <summary>How busy the machines were, and what that takes.</summary>
    public required ServiceLoad Load { get; init; }

    /// <summary>Queue, batch and cache over time, in at most 128 parts of equal length.</summary>
    public required EquatableList<LoadPoint> OverTime { get; init; }

    /// <summary>Set when requests come faster than they are answered.</summary>
    public Overload? Overload { get; init; }

    /// <summary>What was not measured.</summary>
    public required WarmUp WarmUp { get; init; }

    /// <summary>All requests, those that are not measured included.</summary>
    public required long Requests { get; init; }

    /// <summary>What makes the result doubtful, one sentence each.</summary>
    public EquatableList<string> Warnings { get; init; } = [];

    /// <summary>What became of each request in order of arrival; empty where the options do not keep them.</summary>
    public IReadOnlyList<RequestOutcome> Outcomes { get; init; } = [];

    /// <summary>This, where something was measured.</summary>
    /// <exception cref="InferometerException">No request was served, or none that is measured.</exception>
    public ServiceResult RequireMeasured()
    {
        string warnings = string.Join(' ', Warnings);
        return Load.Completed == 0 ? throw new InferometerException($"no request was served. {warnings}".TrimEnd())
            : Report.Value.Completed > 0 ? this
            : throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"of {Requests} requests none that was served is measured; not measured: {WarmUp}. Ask for more, or let fewer warm up. "
                    + $"{warnings}").TrimEnd());
    }
}
