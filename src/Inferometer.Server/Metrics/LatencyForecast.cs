using System.Runtime.InteropServices;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Ablation;
using Inferometer.Measurement.Models;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Server.Metrics;

/// <summary>
/// What the simulator says a request takes on this machine, beside the sequences it was served beside. Two things are measured when the
/// server starts: the machine's bandwidth and rates, which the cost model takes in full, and a few short answers of the engine itself,
/// which tell what it needs beyond that: seconds per step, seconds per sequence in a step, and how many times the cost model's time it
/// reads a prompt in. Everything later is predicted. Time in the queue is no part of it. Thread-safe.
/// </summary>
public sealed class LatencyForecast
{
    private readonly Lock _gate = new(); // plans reuse their buffers
    private readonly ICostPlan _plan;
    private readonly int _stepTokens;
    private readonly double _stepSeconds;
    private readonly double _sequenceSeconds;
    private readonly double _promptFactor;

    /// <summary>Fits the engine's own share to what it took.</summary>
    /// <param name="plan">Prices steps at the machine's limits.</param>
    /// <param name="machine">What those limits are, for people.</param>
    /// <param name="stepTokens">Most tokens of a step.</param>
    /// <param name="alone">One sequence by itself.</param>
    /// <param name="together">Several at once; null = not measured, and all that is beyond the plan counts as per sequence.</param>
    internal LatencyForecast(ICostPlan plan, string machine, int stepTokens, EngineTimes alone, EngineTimes? together)
    {
        _plan = plan;
        _stepTokens = stepTokens;
        double one = Math.Max(0, alone.TokenSeconds - DecodeStep(alone.MiddleTokens, 1));
        _sequenceSeconds = one;
        if (together is { Sequences: > 1 } several)
        {
            double all = Math.Max(0, several.TokenSeconds - DecodeStep(several.MiddleTokens, several.Sequences));
            _sequenceSeconds = Math.Clamp((all - one) / (several.Sequences - 1), 0, all / several.Sequences);
            _stepSeconds = Math.Max(0, one - _sequenceSeconds);
        }

        double prompt = 0;
        int steps = 0;
        for (int past = 0; past < alone.PromptTokens; past += stepTokens, steps++)
        {
            prompt += plan.Step([Chunk(past, alone.PromptTokens, stepTokens)], []).LatencySeconds;
        }

        double own = steps * (_stepSeconds + _sequenceSeconds);
        _promptFactor = Math.Max(1, (alone.PrefillSeconds - own) / prompt);
        string engine = FormattableString.Invariant(
            $"{1e6 * _stepSeconds:0} us per step, {1e6 * _sequenceSeconds:0} us per sequence, prompts x {_promptFactor:0.00}");
        Basis = $"{machine}; this engine at the start: {engine}";
    }

    /// <summary>Name of the cost model.</summary>
    public string CostModel => _plan.CostModel;

    /// <summary>What the predictions rest on, one line.</summary>
    public string Basis { get; }

    /// <summary>
    /// Measures this machine and the engine, which takes two to three seconds with a small model, and prepares the cost model for a model
    /// on it. Nobody else should use the engine meanwhile.
    /// </summary>
    /// <param name="engine">The engine.</param>
    /// <param name="model">The model, as it lies in its files.</param>
    /// <param name="cancellationToken">Stops the measuring.</param>
    /// <returns>The forecast; or null with the reason, where the cost model does not know what the engine does.</returns>
    public static async Task<(LatencyForecast? Forecast, string? Refusal)> TryMeasureAsync(
        InferenceEngine engine, StoredModel model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(model);
        InferenceOptions options = engine.Options;
        string? refusal = options switch
        {
            { Speculation: not null } => "speculative decoding: how many drafted tokens will be accepted is not known",
            { KvCompression: not null } => "a compressed cache: how much of it is compressed depends on what is asked",
            { KvCache: false } => "no cache of keys and values",
            _ => null,
        };
        if (refusal is not null)
        {
            return (null, refusal);
        }

        try
        {
            int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
            var machine = ThisMachine.Measure(threads, model.TensorBytes, cancellationToken);
            AblationSettings settings = new(model, new Workload(), 1, threads, options.KvElement, TimeSpan.Zero);
            EstimateRequest request = machine.RequestFor(settings) with { FlashAttention = options.FlashAttention };
            ICostPlan plan = new RooflineCostModel().Prepare(request);
            string limits = FormattableString.Invariant(
                $"{machine.Limits.ReadGBps:0.0} GB/s and {machine.Limits.FloatGops:0} Gop/s (f32), measured with {threads} thread(s)");
            (EngineTimes alone, EngineTimes? together) = await EngineTimes.MeasureAsync(engine, cancellationToken).ConfigureAwait(false);
            return (new LatencyForecast(plan, limits, options.MaxTokensPerStep, alone, together), null);
        }
        catch (InferometerException error)
        {
            return (null, error.Message);
        }
    }

    /// <summary>Prices what a request took.</summary>
    internal Latencies Price(in ServedRequest served)
    {
        lock (_gate)
        {
            double first = Prefill(served);
            double token = served.OutputTokens < 2 ? double.NaN : Decode(served);
            double all = first + (served.OutputTokens < 2 ? 0 : token * (served.OutputTokens - 1));
            return new Latencies(first, token, all);
        }
    }

    private double Prefill(in ServedRequest served)
    {
        int context = served.PromptTokens + (served.OutputTokens / 2);
        DecodeGroup[] beside = served.Neighbours > 0 ? [new DecodeGroup(Math.Max(1, context), served.Neighbours)] : [];
        int budget = Math.Max(1, _stepTokens - served.Neighbours);
        double seconds = 0;
        for (int past = served.CachedTokens; past < served.PromptTokens; past += budget)
        {
            PrefillChunk chunk = Chunk(past, served.PromptTokens, budget);
            double read = _plan.Step([chunk], []).LatencySeconds;
            double decoded = beside.Length == 0 ? 0 : _plan.Step([chunk], beside).LatencySeconds - read;
            seconds += (_promptFactor * read) + decoded + _stepSeconds + (_sequenceSeconds * (1 + served.Neighbours));
        }

        return seconds;
    }

    /// <summary>A mean number of sequences lies between two whole ones; the time is taken from the line between theirs.</summary>
    private double Decode(in ServedRequest served)
    {
        double mean = Math.Max(1, served.MeanDecoding);
        int fewer = (int)mean;
        int context = served.PromptTokens + ((served.OutputTokens + 1) / 2);
        double less = DecodeStep(context, fewer);
        double step = fewer == mean ? less : less + ((mean - fewer) * (DecodeStep(context, fewer + 1) - less));
        return step + _stepSeconds + (_sequenceSeconds * mean);
    }

    private double DecodeStep(int context, int sequences) => _plan.Step([], [new DecodeGroup(context, sequences)]).LatencySeconds;

    private static PrefillChunk Chunk(int past, int promptTokens, int budget)
    {
        int tokens = Math.Min(budget, promptTokens - past);
        return new PrefillChunk(past, tokens, EndsPrompt: past + tokens == promptTokens);
    }

    /// <summary>Predicted times, seconds.</summary>
    /// <param name="FirstToken">From the first step to the first token.</param>
    /// <param name="Token">Between tokens; NaN where there is one alone.</param>
    /// <param name="Request">From the first step to the end.</param>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Latencies(double FirstToken, double Token, double Request);
}
