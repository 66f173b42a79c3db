using System.Diagnostics;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles;

namespace Inferometer.Measurement.Ablation;

/// <summary>
/// Runs a batch of equal requests on an engine of its own and times it. Prompts are random tokens, the same in every run; all requests are
/// there when the clock starts, and the prefix they
/// share is in the cache by then where the engine keeps one. Greedy, without an end token, so that all configurations have the same work to
/// do.
/// </summary>
public static class WorkloadRun
{
    /// <summary>A workload shorter than this is repeated until so much time was measured, and the median counts.</summary>
    private const double LeastSeconds = 0.25;

    private const int MostRepetitions = 25;
    private const int SequencesPerSpare = 64;

    /// <summary>Enough to run every kernel in both phases; whole outputs without a cache would take as long as what is timed.</summary>
    private const int WarmUpOutput = 4;
    private const int Seed = 1;

    /// <summary>Loads the model, warms up, and measures.</summary>
    /// <param name="checkpoint">The model's files; they are closed with the engine.</param>
    /// <param name="options">The engine's options; batch size, lengths and optimisations follow from the other arguments.</param>
    /// <param name="configuration">Optimisations that are on.</param>
    /// <param name="workload">Batch, prompt, shared prefix and output lengths.</param>
    /// <param name="warmUp">How long to repeat the prompts and their first tokens before anything is timed, at least once: code is
    /// compiled, memory touched for the first time.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="InferometerException">The workload does not fit the model, or the engine cannot start.</exception>
    public static async Task<WorkloadSample> MeasureAsync(
        Checkpoint checkpoint, InferenceOptions options, OptimizationConfiguration configuration, Workload workload, TimeSpan warmUp,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(options);
        Check(workload);
        InferenceOptions switched = configuration.Apply(options) with
        {
            // Blocks for more sequences than there are: admission keeps a share of the pool free, and nothing is to wait for blocks.
            MaxBatchSize = workload.BatchSize + 1 + (workload.BatchSize / SequencesPerSpare),
            MaxSequenceTokens = workload.InputTokens + workload.OutputTokens,
        };
        InferenceEngine engine = InferenceEngine.Load(checkpoint, switched, progress: null, cancellationToken);
        await using (engine.ConfigureAwait(false))
        {
            if (engine.MaxSequenceTokens < switched.MaxSequenceTokens)
            {
                throw new InferometerException(
                    $"workload: sequences of {switched.MaxSequenceTokens} tokens are not possible; "
                    + $"{checkpoint.Path} runs up to {engine.MaxSequenceTokens}.");
            }

            int[][] prompts = Prompts(workload, engine.Architecture.VocabularySize);
            Workload shorter = workload with { OutputTokens = Math.Min(workload.OutputTokens, WarmUpOutput) };
            long first = Stopwatch.GetTimestamp();
            do
            {
                await RunOnceAsync(engine, prompts, shorter, cancellationToken).ConfigureAwait(false);
            }
            while (Stopwatch.GetElapsedTime(first) < warmUp);

            List<double> seconds = [];
            WorkloadSample sample;
            do
            {
                sample = await RunOnceAsync(engine, prompts, workload, cancellationToken).ConfigureAwait(false);
                seconds.Add(sample.Seconds);
            }
            while (seconds.Sum() < LeastSeconds && seconds.Count < MostRepetitions);

            // The loop publishes its last counts when it ends.
            await engine.DisposeAsync().ConfigureAwait(false);
            return sample with { Seconds = Median.Of(seconds), Memory = engine.PeakMemory };
        }
    }

    private static async Task<WorkloadSample> RunOnceAsync(
        InferenceEngine engine, int[][] prompts, Workload workload, CancellationToken cancellationToken)
    {
        engine.ForgetPrefixes();
        if (workload.CachedPrefixTokens > 0 && engine.Options is { PrefixCache: true, KvCache: true })
        {
            await engine.GenerateAsync(Request(prompts[0][..workload.CachedPrefixTokens], 1), cancellationToken).ConfigureAwait(false);
        }

        long before = engine.Statistics.ForwardedTokens;
        Task<GenerationResult>[] running;
        long start;
        using (engine.Hold())
        {
            running = [.. prompts.Select(prompt => engine.GenerateAsync(Request(prompt, workload.OutputTokens), cancellationToken))];
            start = Stopwatch.GetTimestamp();
        }

        GenerationResult[] results = await Task.WhenAll(running).ConfigureAwait(false);
        return new WorkloadSample
        {
            Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
            ForwardedTokens = engine.Statistics.ForwardedTokens - before,
            Outputs = [.. results.Select(result => result.TokenIds.ToArray())],
            Memory = engine.PeakMemory,
        };
    }

    private static GenerationRequest Request(int[] prompt, int tokens) => new()
    {
        PromptTokens = prompt,
        MaxNewTokens = tokens,
        Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = true },
    };

    private static void Check(Workload workload)
    {
        ArgumentNullException.ThrowIfNull(workload);
        if (workload.BatchSize < 1 || workload.InputTokens < 1 || workload.OutputTokens < 1)
        {
            throw new InferometerException(
                $"workload: {workload.BatchSize} requests of {workload.InputTokens} prompt and {workload.OutputTokens} generated tokens; "
                + "each must be 1 or more.");
        }

        if (workload.CachedPrefixTokens < 0 || workload.CachedPrefixTokens >= workload.InputTokens)
        {
            throw new InferometerException(
                $"workload: {workload.CachedPrefixTokens} shared tokens are not possible; "
                + $"allowed are 0 to {workload.InputTokens - 1}, less than the prompt's {workload.InputTokens}.");
        }
    }

    private static int[][] Prompts(Workload workload, int vocabulary)
    {
        Random random = new(Seed);
        int[] prefix = Tokens(random, workload.CachedPrefixTokens, vocabulary);
        int rest = workload.InputTokens - prefix.Length;
        return [.. Enumerable.Range(0, workload.BatchSize).Select(_ => (int[])[.. prefix, .. Tokens(random, rest, vocabulary)])];
    }

    private static int[] Tokens(Random random, int count, int vocabulary) =>
    [
        .. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary)),
    ];
}
