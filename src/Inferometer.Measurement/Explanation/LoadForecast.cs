using Inferometer.Core;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Explanation;

/// <summary>
/// What a deployment does under a steady number of users, each of whom sends the next request when the last has ended, as a sum of parts:
/// the closed loop that fits and validations replay, with the scheduler of the framework. A token takes a decode step, split by its
/// operators, and what other users' prompts add to it; a first token takes admission, reading the prompt, and the queue of the replayed
/// loop, of which users for whom the cache has no room wait a part.
/// </summary>
public sealed record LoadForecast
{
    private const double Milliseconds = 1000;

    private LoadForecast()
    {
    }

    /// <summary>What makes up the time to first token.</summary>
    public required IReadOnlyList<TimePart> FirstToken { get; init; }

    /// <summary>What makes up the time per output token; empty where one token is generated.</summary>
    public required IReadOnlyList<TimePart> PerToken { get; init; }

    /// <summary>Output tokens of a request.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>What the cost model knows of such cases; null where it does not say.</summary>
    public EstimateBasis? Basis { get; init; }

    /// <summary>
    /// Where nine tenths of measured means are expected around the time to first token, milliseconds; null without a basis.
    /// </summary>
    public Interval? TtftIntervalMs => Basis is { } b ? EstimateBasis.NineTenths(b.TimeToFirstToken, TtftMs) : null;

    /// <summary>The same for the time per output token.</summary>
    public Interval? TpotIntervalMs =>
        Basis is { } b && PerToken.Count > 0 ? EstimateBasis.NineTenths(b.TimePerOutputToken, TpotMs) : null;

    /// <summary>The same for the whole request.</summary>
    public Interval? EndToEndIntervalMs => Basis is { } b ? EstimateBasis.NineTenths(b.EndToEnd, EndToEndMs) : null;

    /// <summary>Requests that fit into memory; null where the cost model has no notion of it.</summary>
    public int? Room { get; init; }

    /// <summary>Requests in flight at one engine (one rank where attention is data-parallel).</summary>
    public required double UsersPerEngine { get; init; }

    /// <summary>Devices of the deployment.</summary>
    public required int Devices { get; init; }

    /// <summary>Time to first token, milliseconds.</summary>
    public double TtftMs => FirstToken.Sum(p => p.Milliseconds);

    /// <summary>Time per output token, milliseconds; 0 where one token is generated.</summary>
    public double TpotMs => PerToken.Sum(p => p.Milliseconds);

    /// <summary>Time of a whole request, milliseconds.</summary>
    public double EndToEndMs => TtftMs + ((OutputTokens - 1) * TpotMs);

    /// <summary>Forecasts.</summary>
    /// <param name="plan">The deployment.</param>
    /// <param name="point">Users in flight over the whole deployment, and the lengths of their requests.</param>
    /// <param name="separatePrompts">As many devices again read the prompts and nothing else.</param>
    /// <exception cref="InferometerException">The workload is impossible, or not one request fits.</exception>
    public static LoadForecast Of(ICostPlan plan, in WorkloadPoint point, bool separatePrompts = false)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.EstimateMemory(point)?.LargestBatch is 0)
        {
            throw new InferometerException($"{plan.Request.Architecture.Name} on {plan.Request.System.Name}: not one such request fits.");
        }

        bool generates = point.OutputTokens > 1;
        ClosedLoopLoad load = new(point.BatchSize, point.InputTokens, Math.Max(2, point.OutputTokens))
        {
            CachedTokens = point.CachedPrefixTokens,
        };
        ClosedLoopEstimate loop = separatePrompts
            ? ClosedLoopModel.EstimateSeparate(plan, load.Users, plan, load)
            : ClosedLoopModel.Estimate(plan, load);
        List<TimePart> tokens = [];
        if (generates)
        {
            List<OperatorRow> rows = [];
            plan.Decode(point with { BatchSize = Math.Min(point.BatchSize, loop.Room ?? int.MaxValue) }, rows);
            tokens = StepParts.Of(rows, loop.StepSeconds);
            if (loop.StallSeconds > 0)
            {
                tokens.Add(new TimePart("prompt_stalls", "prompts of other users in between", Milliseconds * loop.StallSeconds));
            }
        }

        return new LoadForecast
        {
            FirstToken =
            [
                .. new TimePart[]
                {
                    new("own_prompt", "reading the prompt", Milliseconds * loop.PromptSeconds),
                    new("admission", "admission: transport, polling, the step that runs", Milliseconds * loop.AdmissionSeconds),
                    new("prompt_queue", "queue behind prompts of other users", Milliseconds * (loop.QueueSeconds - loop.RoomSeconds)),
                    new("cache_room", "waiting for room in the KV cache", Milliseconds * loop.RoomSeconds),
                }.Where(p => p.Milliseconds > 0),
            ],
            PerToken = tokens,
            OutputTokens = point.OutputTokens,
            Basis = plan.Basis,
            Room = loop.Room,
            UsersPerEngine = loop.SequencesPerRank,
            Devices = plan.Request.Parallelism.DeviceCount * (separatePrompts ? 2 : 1),
        };
    }
}
