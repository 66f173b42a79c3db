using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.ClosedLoop;

/// <summary>What each user of a closed loop sees on average, and what it is made of. Seconds.</summary>
public sealed record ClosedLoopEstimate
{
    /// <summary>From sending a request to its first token, queueing included.</summary>
    public required double TimeToFirstTokenSeconds { get; init; }

    /// <summary>Mean time per output token after the first, stalls by other requests' prompts included.</summary>
    public required double TimePerOutputTokenSeconds { get; init; }

    /// <summary>TTFT + (N - 1) x TPOT.</summary>
    public required double EndToEndSeconds { get; init; }

    /// <summary>Part of TPOT: the decode step itself.</summary>
    public required double StepSeconds { get; init; }

    /// <summary>Part of TPOT: waiting for other requests' prompts.</summary>
    public required double StallSeconds { get; init; }

    /// <summary>Part of TTFT: reading the request's own prompt.</summary>
    public required double PromptSeconds { get; init; }

    /// <summary>Part of TTFT: waiting behind other requests.</summary>
    public required double QueueSeconds { get; init; }

    /// <summary>Part of <see cref="QueueSeconds"/>: users for whom the KV cache has no room wait for those who are in.</summary>
    public double RoomSeconds { get; init; }

    /// <summary>Part of TTFT: transport, admission, waiting for running steps.</summary>
    public required double AdmissionSeconds { get; init; }

    /// <summary>Users whose requests decode at a time on average, over the whole deployment.</summary>
    public required double DecodingUsers { get; init; }

    /// <summary>Requests that decode beside each other on one rank, at most what the KV cache has room for.</summary>
    public required int SequencesPerRank { get; init; }

    /// <summary>
    /// Requests that the KV cache has room for over the whole deployment; null where the cost model knows nothing of memory.
    /// </summary>
    public required int? Room { get; init; }

    /// <summary>What it rests on and the errors to expect; null where the cost model does not know.</summary>
    public EstimateBasis? Basis { get; init; }

    /// <summary>Where nine tenths of the measurements of TTFT are expected; null without a basis.</summary>
    public Interval? TimeToFirstTokenInterval =>
        Basis is null ? null : EstimateBasis.NineTenths(Basis.TimeToFirstToken, TimeToFirstTokenSeconds);

    /// <summary>Where nine tenths of the measurements of TPOT are expected; null without a basis.</summary>
    public Interval? TimePerOutputTokenInterval =>
        Basis is null ? null : EstimateBasis.NineTenths(Basis.TimePerOutputToken, TimePerOutputTokenSeconds);

    /// <summary>Where nine tenths of the measurements of the end-to-end time are expected; null without a basis.</summary>
    public Interval? EndToEndInterval => Basis is null ? null : EstimateBasis.NineTenths(Basis.EndToEnd, EndToEndSeconds);
}
