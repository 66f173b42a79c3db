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
/// reads a prompt in. Several engines share the memory's bandwidth and whatever else the processors have in common; both things are
/// therefore measured twice, of an engine by itself and of all at once, and a request lies on the line between the two, by the engines
/// that worked beside its own. Everything later is predicted. Time in the queue is no part of it. Thread-safe.
/// </summary>
public sealed class LatencyForecast
{
    private readonly Lock _gate = new(); // fits are not thread-safe
    private readonly EnginePair[] _engines;

    /// <summary>Of one engine.</summary>
    /// <param name="plan">Prices steps at the machine's limits.</param>
    /// <param name="machine">What those limits are, for people.</param>
    /// <param name="stepTokens">Most tokens of a step.</param>
    /// <param name="alone">One sequence by itself.</param>
    /// <param name="together">Several at once; null = not measured, and all that is beyond the plan counts as per sequence.</param>
    internal LatencyForecast(ICostPlan plan, string machine, int stepTokens, EngineTimes alone, EngineTimes? together)
    {
        EngineFit fit = new(plan, stepTokens, alone, together);
        _engines = [new EnginePair(fit, fit)];
        CostModel = fit.CostModel;
        Basis = $"{machine}; this engine at the start: {fit.Summary}";
    }

    /// <summary>Of several engines.</summary>
    /// <param name="machine">What the machine's limits are, for people.</param>
    /// <param name="engines">Each of them.</param>
    internal LatencyForecast(string machine, IReadOnlyList<EnginePair> engines)
    {
        _engines = [.. engines];
        CostModel = engines[0].Alone.CostModel;
        Basis = $"{machine}; the first engine at the start: {engines[0].Alone.Summary}, beside all others {engines[0].Beside.Summary}";
    }

    /// <summary>Name of the cost model.</summary>
    public string CostModel { get; }

    /// <summary>What the predictions rest on, one line.</summary>
    public string Basis { get; }

    /// <summary>Engines that it knows.</summary>
    internal int Engines => _engines.Length;

    /// <summary>
    /// Measures this machine and the engine, which takes three to four seconds with a small model, and prepares the cost model for a model
    /// on it. Nobody else should use the engine meanwhile.
    /// </summary>
    /// <param name="engine">The engine.</param>
    /// <param name="model">The model, as it lies in its files.</param>
    /// <param name="cancellationToken">Stops the measuring.</param>
    /// <returns>The forecast; or null with the reason, where the cost model does not know what the engine does.</returns>
    public static Task<(LatencyForecast? Forecast, string? Refusal)> TryMeasureAsync(
        InferenceEngine engine, StoredModel model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(engine);
        return TryMeasureAsync([engine], model, cancellationToken);
    }

    /// <summary>
    /// Measures this machine and the engines, each by itself and all at once, and prepares the cost model for a model on it. Nobody else
    /// should use the engines meanwhile.
    /// </summary>
    /// <param name="engines">Engines over the same weights, one or several.</param>
    /// <param name="model">The model, as it lies in its files.</param>
    /// <param name="cancellationToken">Stops the measuring.</param>
    /// <returns>The forecast; or null with the reason, where the cost model does not know what the engines do.</returns>
    public static async Task<(LatencyForecast? Forecast, string? Refusal)> TryMeasureAsync(
        IReadOnlyList<InferenceEngine> engines, StoredModel model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(engines);
        ArgumentOutOfRangeException.ThrowIfZero(engines.Count, nameof(engines));
        ArgumentNullException.ThrowIfNull(model);
        InferenceOptions options = engines[0].Options;
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
            LatencyForecast forecast = engines.Count == 1
                ? await MeasureOneAsync(engines[0], model, cancellationToken).ConfigureAwait(false)
                : await MeasureAllAsync(engines, model, cancellationToken).ConfigureAwait(false);
            return (forecast, null);
        }
        catch (InferometerException error)
        {
            return (null, error.Message);
        }
    }

    /// <summary>Prices what a request took.</summary>
    /// <param name="engine">Number of the engine that served it.</param>
    /// <param name="served">The request.</param>
    internal Latencies Price(int engine, in ServedRequest served)
    {
        EnginePair fits = _engines[engine];
        int others = _engines.Length - 1;
        lock (_gate)
        {
            double first = fits.Alone.Prefill(served);
            double token = served.OutputTokens < 2 ? double.NaN : fits.Alone.Decode(served);
            if (others > 0)
            {
                first += Share(served.OthersInPrefill) * (fits.Beside.Prefill(served) - first);
                token += Share(served.OthersInDecode) * (served.OutputTokens < 2 ? 0 : fits.Beside.Decode(served) - token);
            }

            double all = first + (served.OutputTokens < 2 ? 0 : token * (served.OutputTokens - 1));
            return new Latencies(first, token, all);
        }

        double Share(double working) => Math.Clamp(working / others, 0, 1);
    }

    private static async Task<LatencyForecast> MeasureOneAsync(
        InferenceEngine engine, StoredModel model, CancellationToken cancellationToken)
    {
        int threads = ThreadsOf(engine);
        var machine = ThisMachine.Measure(threads, model.TensorBytes, cancellationToken);
        (EngineTimes[] alone, EngineTimes[]? together) = await EngineTimes.MeasureAsync([engine], cancellationToken).ConfigureAwait(false);
        return new LatencyForecast(
            Plan(machine, engine, model), Limits(machine, threads), engine.Options.MaxTokensPerStep, alone[0], together?[0]);
    }

    private static async Task<LatencyForecast> MeasureAllAsync(
        IReadOnlyList<InferenceEngine> engines, StoredModel model, CancellationToken cancellationToken)
    {
        int threads = engines.Sum(ThreadsOf);
        var whole = ThisMachine.Measure(threads, model.TensorBytes, cancellationToken);
        (EngineTimes[] beside, EngineTimes[]? besideTogether) =
            await EngineTimes.MeasureAsync(engines, cancellationToken).ConfigureAwait(false);

        // Engines with as many threads are alike when nothing else runs.
        Dictionary<int, (ThisMachine Machine, EngineTimes Alone, EngineTimes? Together)> kinds = [];
        foreach (InferenceEngine engine in engines.DistinctBy(ThreadsOf))
        {
            var machine = ThisMachine.Measure(ThreadsOf(engine), model.TensorBytes, cancellationToken);
            (EngineTimes[] alone, EngineTimes[]? together) =
                await EngineTimes.MeasureAsync([engine], cancellationToken).ConfigureAwait(false);
            kinds[ThreadsOf(engine)] = (machine, alone[0], together?[0]);
        }

        EnginePair[] pairs =
        [
            .. engines.Select((engine, i) =>
            {
                (ThisMachine machine, EngineTimes alone, EngineTimes? together) = kinds[ThreadsOf(engine)];
                int stepTokens = engine.Options.MaxTokensPerStep;
                ThisMachine share = whole.ShareOf(ThreadsOf(engine), threads);
                return new EnginePair(
                    new EngineFit(Plan(machine, engine, model), stepTokens, alone, together),
                    new EngineFit(Plan(share, engine, model), stepTokens, beside[i], besideTogether?[i]));
            }),
        ];
        string limits = FormattableString.Invariant($"{Limits(whole, threads)}, shared by {engines.Count} engines");
        return new LatencyForecast(limits, pairs);
    }

    private static ICostPlan Plan(ThisMachine machine, InferenceEngine engine, StoredModel model)
    {
        InferenceOptions options = engine.Options;
        AblationSettings settings = new(model, new Workload(), 1, ThreadsOf(engine), options.KvElement, TimeSpan.Zero);
        EstimateRequest request = machine.RequestFor(settings) with { FlashAttention = options.FlashAttention };
        return new RooflineCostModel().Prepare(request);
    }

    private static int ThreadsOf(InferenceEngine engine) =>
        engine.Options.Threads == 0 ? Environment.ProcessorCount : engine.Options.Threads;

    private static string Limits(ThisMachine machine, int threads) => FormattableString.Invariant(
        $"{machine.Limits.ReadGBps:0.0} GB/s and {machine.Limits.FloatGops:0} Gop/s (f32), measured with {threads} thread(s)");

    /// <summary>An engine, fitted twice.</summary>
    /// <param name="Alone">While no other engine works.</param>
    /// <param name="Beside">While all others do.</param>
    internal sealed record EnginePair(EngineFit Alone, EngineFit Beside);

    /// <summary>Predicted times, seconds.</summary>
    /// <param name="FirstToken">From the first step to the first token.</param>
    /// <param name="Token">Between tokens; NaN where there is one alone.</param>
    /// <param name="Request">From the first step to the end.</param>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Latencies(double FirstToken, double Token, double Request);
}
