using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Explanation;

/// <summary>
/// What a deployment does under a steady number of users, each of whom sends the next request when the last has ended, as a sum of parts.
/// Steps are a cost model's; what users do to each other follows from how often each step occurs. With N users on an engine, prompts of P
/// seconds, decode steps of D seconds and O output tokens: while one request decodes, each of the N - 1 others sends a prompt, so that each
/// of its O - 1 tokens is held up by (N - 1) P / (O - 1) on average; an arriving prompt waits for half a step and behind others as in a
/// queue with random arrivals and equal service (M/D/1, Pollaczek and Khinchine): u P / (2 (1 - u)), u being the share of time that the
/// others' prompts take. Users for whom the cache has no room wait for those who are in.
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
        Parallelism degrees = plan.Request.Parallelism;
        int? room = plan.EstimateMemory(point)?.LargestBatch;
        if (room is 0)
        {
            throw new InferometerException($"{plan.Request.Architecture.Name} on {plan.Request.System.Name}: not one such request fits.");
        }

        int inside = Math.Min(point.BatchSize, room ?? int.MaxValue);
        PhaseTotals prompt = plan.Prefill(point with { BatchSize = 1 });
        List<OperatorRow> rows = [];
        PhaseTotals step = point.OutputTokens > 1 ? plan.Decode(point with { BatchSize = inside }, rows) : default;
        double perToken = point.OutputTokens > 1 ? step.LatencySeconds / step.TokensPerStep : 0;
        double users = Math.Ceiling((double)inside / degrees.Data);
        double later = Math.Max(1, point.OutputTokens - 1);
        double stall = separatePrompts || point.OutputTokens < 2 ? 0 : (users - 1) * prompt.LatencySeconds / later;
        List<TimePart> tokens = point.OutputTokens > 1 ? StepParts.Of(rows, perToken) : [];
        if (stall > 0)
        {
            tokens.Add(new TimePart("prompt_stalls", "prompts of other users in between", Milliseconds * stall));
        }

        double cycle = prompt.LatencySeconds + (later * (perToken + stall));
        double busy = Math.Min(0.99, (users - 1) * prompt.LatencySeconds / cycle);
        double queue = busy * prompt.LatencySeconds / (2 * (1 - busy));
        double door = room is { } most && point.BatchSize > most ? ((double)point.BatchSize / most - 1) * (cycle + queue) : 0;
        return new LoadForecast
        {
            FirstToken =
            [
                .. new TimePart[]
                {
                    new("own_prompt", "reading the prompt", Milliseconds * prompt.LatencySeconds),
                    new("running_step", "waiting for the step that runs", separatePrompts ? 0 : Milliseconds * perToken / 2),
                    new("prompt_queue", "queue behind prompts of other users", Milliseconds * queue),
                    new("cache_room", "waiting for room in the KV cache", Milliseconds * door),
                }.Where(p => p.Milliseconds > 0),
            ],
            PerToken = tokens,
            OutputTokens = point.OutputTokens,
            Basis = plan.Basis,
            Room = room,
            UsersPerEngine = users,
            Devices = degrees.DeviceCount * (separatePrompts ? 2 : 1),
        };
    }
}
