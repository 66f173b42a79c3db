using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Fitting;

/// <summary>One measured rate of an engine that is timed by itself, without users: prompts read or tokens generated per second.</summary>
public sealed record RateRun
{
    /// <summary>Name of the run.</summary>
    public required string Id { get; init; }

    /// <summary>Deployment, with the framework named.</summary>
    public required EstimateRequest Request { get; init; }

    /// <summary>Prompts are read; otherwise tokens are generated.</summary>
    public required bool IsPrompt { get; init; }

    /// <summary>Sequences side by side.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Tokens in the cache before.</summary>
    public int DepthTokens { get; init; }

    /// <summary>Tokens of each sequence that are read or generated.</summary>
    public required int Tokens { get; init; }

    /// <summary>Tokens per second over all sequences.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>The device alone was timed, in one step: what a framework takes beside the operators is not in it.</summary>
    public bool IsOfDevice { get; init; }

    /// <summary>Seconds of the step that was timed: all prompts at once, or one token of every sequence.</summary>
    public double StepSeconds => (double)Sequences * (IsPrompt ? Tokens : 1) / TokensPerSecond;
}
