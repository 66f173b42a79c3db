using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Fitting;

/// <summary>One measured closed loop, for a fit.</summary>
public sealed record ServingRun
{
    /// <summary>Name of the run.</summary>
    public required string Id { get; init; }

    /// <summary>Deployment, with formats as served and the framework named.</summary>
    public required EstimateRequest Request { get; init; }

    /// <summary>Users and lengths.</summary>
    public required ClosedLoopLoad Load { get; init; }

    /// <summary>Deployment of separate workers that read prompts; null where one engine does both.</summary>
    public EstimateRequest? PromptRequest { get; init; }

    /// <summary>Users per such worker.</summary>
    public double PromptUsers { get; init; }

    /// <summary>
    /// It counts what users see who have been there for a while; otherwise all began at once, and what they saw then counts too, as public
    /// benchmarks have it.
    /// </summary>
    public bool IsWarm { get; init; }

    /// <summary>Most requests that the service runs at once; null = as many as are in flight.</summary>
    public int? MostRunning { get; init; }

    /// <summary>
    /// Median time between two tokens of an answer, seconds: a step without prompts, where most are so. Null where it was not measured.
    /// </summary>
    public double? MedianGapSeconds { get; init; }

    /// <summary>Mean time to first token, seconds; null where it was not measured.</summary>
    public double? TimeToFirstTokenSeconds { get; init; }

    /// <summary>Mean time per output token, seconds; null where it was not measured.</summary>
    public double? TimePerOutputTokenSeconds { get; init; }
}
