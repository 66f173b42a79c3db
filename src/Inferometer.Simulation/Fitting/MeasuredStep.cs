using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Fitting;

/// <summary>A step that an engine ran, and what it took.</summary>
public sealed record MeasuredStep
{
    /// <summary>What ran, for people: steps of one name are summed up together.</summary>
    public required string Id { get; init; }

    /// <summary>Deployment, with the framework named.</summary>
    public required EstimateRequest Request { get; init; }

    /// <summary>Prompts and decoding sequences of the step.</summary>
    public required StepBatch Step { get; init; }

    /// <summary>What it took, with all that the engine does until the next one begins.</summary>
    public required double Seconds { get; init; }

    /// <summary>What it counts in a fit, above 0.</summary>
    public double Weight { get; init; } = 1;
}
