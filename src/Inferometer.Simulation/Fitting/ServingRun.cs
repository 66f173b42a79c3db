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

    /// <summary>Mean time to first token, seconds; null where it was not measured.</summary>
    public double? TimeToFirstTokenSeconds { get; init; }

    /// <summary>Mean time per output token, seconds; null where it was not measured.</summary>
    public double? TimePerOutputTokenSeconds { get; init; }
}
