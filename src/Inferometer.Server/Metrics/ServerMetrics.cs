using System.Globalization;
using Inferometer.Inference.Engine;
using Inferometer.Scheduling;

namespace Inferometer.Server.Metrics;

/// <summary>What the server counts of its requests, for all threads. The engine counts the rest, see <see cref="MetricsPage"/>.</summary>
internal sealed class ServerMetrics : IDisposable
{
    private readonly InferenceEngine _engine;
    private readonly PerformanceStatistics _before;
    private readonly string _modelName;
    private readonly int _index;
    private readonly PredictionMetrics? _predictions;
    private readonly Telemetry _telemetry;
    private readonly long[] _finished = new long[Enum.GetValues<FinishReason>().Length];

    /// <summary>Begins to count.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="index">Its number among those that answer, from 0.</param>
    /// <param name="modelName">The model's name, for labels.</param>
    /// <param name="predictions">What is predicted for the requests of all engines; null = nothing is.</param>
    /// <param name="telemetry">OpenTelemetry's instruments, of all engines.</param>
    public ServerMetrics(InferenceEngine engine, int index, string modelName, PredictionMetrics? predictions, Telemetry telemetry)
    {
        (_engine, _index, _modelName, _predictions, _telemetry) = (engine, index, modelName, predictions, telemetry);
        _before = engine.Statistics;
        PromptLength = new(Buckets.Tokens(engine.MaxSequenceTokens));
        OutputLength = new(Buckets.Tokens(engine.MaxSequenceTokens));
        LongestOutput = new(Buckets.Tokens(engine.MaxSequenceTokens));
        OutputLimit = new(Buckets.Tokens(engine.MaxSequenceTokens));
        Labels = string.Create(
            CultureInfo.InvariantCulture, $"engine=\"{index}\",model_name=\"{PrometheusText.Escape(modelName)}\"");
        engine.WatchSteps(CountStep);
    }

    /// <summary>The engine whose counts are shown.</summary>
    public InferenceEngine Engine => _engine;

    /// <summary>
    /// What the engine counted since the server began: what it computed before, such as the answers by which it was timed, is no
    /// request's.
    /// </summary>
    public PerformanceStatistics Statistics
    {
        get
        {
            PerformanceStatistics now = _engine.Statistics;
            return now with
            {
                PromptTokensRead = now.PromptTokensRead - _before.PromptTokensRead,
                PromptTokensComputed = now.PromptTokensComputed - _before.PromptTokensComputed,
                CachedPromptTokens = now.CachedPromptTokens - _before.CachedPromptTokens,
                GeneratedTokens = now.GeneratedTokens - _before.GeneratedTokens,
                TotalBatchesProcessed = now.TotalBatchesProcessed - _before.TotalBatchesProcessed,
                TotalSeconds = now.TotalSeconds - _before.TotalSeconds,
                DraftedTokens = now.DraftedTokens - _before.DraftedTokens,
                AcceptedDraftTokens = now.AcceptedDraftTokens - _before.AcceptedDraftTokens,
                Preemptions = now.Preemptions - _before.Preemptions,
            };
        }
    }

    /// <summary>What is predicted for the requests of all engines; null = nothing is.</summary>
    public PredictionMetrics? Predictions => _predictions;

    /// <summary>Sequences that decode.</summary>
    public LoadMeter Decoding { get; } = new();

    /// <summary>From the arrival of a request to the text of its first token, as the server saw it.</summary>
    public Histogram FirstToken { get; } = new(Buckets.FirstToken);

    /// <summary>Between tokens, as the server saw them.</summary>
    public Histogram TokenGap { get; } = new(Buckets.Token);

    /// <summary>Mean per token of a request after the first.</summary>
    public Histogram PerToken { get; } = new(Buckets.Token);

    /// <summary>From submission to the end.</summary>
    public Histogram EndToEnd { get; } = new(Buckets.Request);

    /// <summary>In the queue.</summary>
    public Histogram Queue { get; } = new(Buckets.Request);

    /// <summary>From the first step to the end.</summary>
    public Histogram Inference { get; } = new(Buckets.Request);

    /// <summary>From the first step to the first token.</summary>
    public Histogram Prefill { get; } = new(Buckets.Request);

    /// <summary>From the first token to the end.</summary>
    public Histogram Decode { get; } = new(Buckets.Request);

    /// <summary>Prompt lengths.</summary>
    public Histogram PromptLength { get; }

    /// <summary>Output lengths.</summary>
    public Histogram OutputLength { get; }

    /// <summary>Answers that requests asked for.</summary>
    public Histogram Answers { get; } = new(Buckets.Answers);

    /// <summary>Tokens of the longest answer of a request.</summary>
    public Histogram LongestOutput { get; }

    /// <summary>Longest answer that a request allowed, where it said so.</summary>
    public Histogram OutputLimit { get; }

    /// <summary>Tokens computed in a step.</summary>
    public Histogram StepTokens { get; } = new(Buckets.StepTokens);

    /// <summary>Sequences that ended for a reason.</summary>
    public long Finished(FinishReason reason) => Volatile.Read(ref _finished[(int)reason]);

    /// <summary>Counts a sequence that ended and left no figures.</summary>
    public void CountEnd(FinishReason reason) => Interlocked.Increment(ref _finished[(int)reason]);

    /// <summary>Adds a sequence that ended as its owner wished.</summary>
    public void Add(string operation, FinishReason reason, in ServedRequest served)
    {
        CountEnd(reason);
        EndToEnd.Add(served.TotalSeconds);
        Queue.Add(served.QueueSeconds);
        Inference.Add(served.TotalSeconds - served.QueueSeconds);
        Prefill.Add(served.PrefillSeconds);
        Decode.Add(served.DecodeSeconds);
        PerToken.Add(served.PerTokenSeconds);
        PromptLength.Add(served.PromptTokens);
        OutputLength.Add(served.OutputTokens);
        _telemetry.Add(operation, _modelName, served);
        _predictions?.Add(_index, served);
    }

    /// <summary>Adds a text that was only read, for a vector or a score.</summary>
    public void AddRead(int promptTokens, double seconds)
    {
        CountEnd(FinishReason.Stop);
        EndToEnd.Add(seconds);
        PromptLength.Add(promptTokens);
    }

    /// <summary>
    /// When to try again after the queue was full: the time in which the engine works off a place in it, from the requests it served so
    /// far; a second where there were none.
    /// </summary>
    public int RetryAfterSeconds()
    {
        PerformanceStatistics statistics = _engine.Statistics;
        long count = Inference.Count;
        double each = count == 0 ? 1 : Inference.Sum / count;
        double seconds = each * Math.Max(1, statistics.WaitingRequests) / Math.Max(1, statistics.MaxBatchSize);
        return (int)Math.Clamp(Math.Ceiling(seconds), 1, 60);
    }

    /// <summary>Labels of vLLM's metrics.</summary>
    public string Labels { get; }

    /// <summary>Counts no more steps.</summary>
    public void Dispose() => _engine.UnwatchSteps(CountStep);

    private void CountStep(int tokens) => StepTokens.Add(tokens);
}
