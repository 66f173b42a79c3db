using Inferometer.Core;
using Inferometer.Planning.Deployments;

namespace Inferometer.Planning.Trials;

/// <summary>A simulation of a deployment under its load, or of one replica under its part of it.</summary>
public sealed record Trial
{
    /// <summary>Replicas that were simulated.</summary>
    public required ReplicaCount Replicas { get; init; }

    /// <summary>How each limit is kept.</summary>
    public required EquatableList<LimitOutcome> Limits { get; init; }

    /// <summary>Why it says nothing of the limits: overload, refused requests; null = it does.</summary>
    public string? Fault { get; init; }

    /// <summary>Median time to first token, seconds.</summary>
    public required double TimeToFirstToken { get; init; }

    /// <summary>Median time per output token, seconds.</summary>
    public required double TimePerOutputToken { get; init; }

    /// <summary>Median time of a request, seconds.</summary>
    public required double EndToEnd { get; init; }

    /// <summary>Part of the time to first token outside the engine's steps: transport, tokenisation, admission; seconds, mean.</summary>
    public required double AdmissionSeconds { get; init; }

    /// <summary>Requests answered a second.</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>Tokens generated a second.</summary>
    public required double OutputTokensPerSecond { get; init; }

    /// <summary>Share of the requests that keep every limit.</summary>
    public required double Attainment { get; init; }

    /// <summary>Energy over generated tokens, joules, idle time included; null = the power is not known.</summary>
    public double? JoulesPerToken { get; init; }

    /// <summary>Largest share of a cache in use.</summary>
    public required double PeakKvUse { get; init; }

    /// <summary>Share of the time in which a replica runs a step.</summary>
    public required double BusyShare { get; init; }

    /// <summary>Sequences of a step on average.</summary>
    public required double MeanBatch { get; init; }

    /// <summary>Requests that were measured.</summary>
    public required int Measured { get; init; }

    /// <summary>Simulations that it is made of.</summary>
    internal int Simulations { get; init; } = 1;

    /// <summary>Every limit is kept.</summary>
    public bool Meets => Fault is null && Limits.All(l => l.IsKept);

    /// <summary>The limit that is farthest from being kept, or nearest to not being.</summary>
    public LimitOutcome Worst => Limits.MaxBy(l => l.Seconds / l.AllowedSeconds)!;

    /// <summary>Another one of the same with other requests, in which each limit has the worse time of both.</summary>
    internal Trial WorseOf(Trial other) => other with
    {
        Limits = [.. Limits.Zip(other.Limits, (one, two) => one.Seconds > two.Seconds ? one : two)],
        PeakKvUse = Math.Max(PeakKvUse, other.PeakKvUse),
        Simulations = Simulations + other.Simulations,
    };
}
