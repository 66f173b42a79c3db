using System.Diagnostics;
using Inferometer.Core.Deployments;
using Inferometer.Inference.Sampling;

namespace Inferometer.Inference.Engine;

/// <summary>A workload run for real on this machine, as configured and with each optimisation switched. All times are medians over the repeats.</summary>
public sealed record OptimizationMeasurement
{
    private readonly Dictionary<Optimization, double> _speedups = [];

    private OptimizationMeasurement()
    {
    }

    /// <summary>The workload that was run.</summary>
    public required Workload Workload { get; init; }

    /// <summary>Times each configuration was run after a warm-up.</summary>
    public required int Repeats { get; init; }

    /// <summary>Time with the options as they are, seconds.</summary>
    public required double BaselineSeconds { get; init; }

    /// <summary>Time with every optimisation off, seconds.</summary>
    public required double AllOffSeconds { get; init; }

    /// <summary>Measured time without an optimisation over measured time with it.</summary>
    public double SpeedupOf(Optimization optimization) => _speedups[optimization];

    /// <summary>Runs the workload once per configuration: 2 + number of optimisations engines, one after another.</summary>
    /// <param name="path">A <c>.gguf</c> file or a Hugging Face folder.</param>
    /// <param name="options">The engine's options.</param>
    /// <param name="workload">Batch, prompt, shared prefix and output lengths; prompts are random tokens, the same in every run.</param>
    /// <param name="repeats">Timed runs per configuration, at least 1.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    public static async Task<OptimizationMeasurement> RunAsync(
        string path, InferenceOptions options, Workload workload, int repeats = 3, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentOutOfRangeException.ThrowIfLessThan(repeats, 1);
        double baseline = await TimeAsync(path, options, workload, repeats, cancellationToken).ConfigureAwait(false);
        double allOff = await TimeAsync(path, OptimizationSwitches.AllOff(options), workload, repeats, cancellationToken).ConfigureAwait(false);
        OptimizationMeasurement measurement = new() { Workload = workload, Repeats = repeats, BaselineSeconds = baseline, AllOffSeconds = allOff };
        foreach (Optimization optimization in Enum.GetValues<Optimization>())
        {
            bool isOn = OptimizationSwitches.IsOn(options, optimization);
            InferenceOptions other = OptimizationSwitches.Set(options, optimization, !isOn);
            double seconds = await TimeAsync(path, other, workload, repeats, cancellationToken).ConfigureAwait(false);
            measurement._speedups[optimization] = isOn ? seconds / baseline : baseline / seconds;
        }

        return measurement;
    }

    private static async Task<double> TimeAsync(string path, InferenceOptions options, Workload workload, int repeats, CancellationToken cancellationToken)
    {
        InferenceEngine engine = InferenceEngine.Load(path, options, progress: null, cancellationToken);
        await using (engine.ConfigureAwait(false))
        {
            int[][] prompts = Prompts(workload, engine.Architecture.VocabularySize);
            double[] seconds = new double[repeats];
            await RunOnceAsync(engine, prompts, workload, cancellationToken).ConfigureAwait(false); // warm-up: code, caches, first touch of memory
            for (int i = 0; i < repeats; i++)
            {
                engine.ForgetPrefixes();
                if (workload.CachedPrefixTokens > 0)
                {
                    // The shared prefix is in the cache before the clock starts, as the workload says; without a prefix cache this leaves nothing behind.
                    await RunOnceAsync(engine, [prompts[0][..workload.CachedPrefixTokens]], workload with { OutputTokens = 1 }, cancellationToken).ConfigureAwait(false);
                }

                long start = Stopwatch.GetTimestamp();
                await RunOnceAsync(engine, prompts, workload, cancellationToken).ConfigureAwait(false);
                seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            }

            Array.Sort(seconds);
            return (seconds[(repeats - 1) / 2] + seconds[repeats / 2]) / 2;
        }
    }

    private static Task RunOnceAsync(InferenceEngine engine, int[][] prompts, Workload workload, CancellationToken cancellationToken) =>
        Task.WhenAll(prompts.Select(prompt => engine.GenerateAsync(
            new GenerationRequest
            {
                PromptTokens = prompt,
                MaxNewTokens = workload.OutputTokens,
                Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = true },
            },
            cancellationToken)));

    private static int[][] Prompts(Workload workload, int vocabulary)
    {
        Random random = new(1);
        int[] prefix = Tokens(random, workload.CachedPrefixTokens, vocabulary);
        int[][] prompts = new int[workload.BatchSize][];
        for (int i = 0; i < prompts.Length; i++)
        {
            prompts[i] = [.. prefix, .. Tokens(random, workload.InputTokens - prefix.Length, vocabulary)];
        }

        return prompts;
    }

    private static int[] Tokens(Random random, int count, int vocabulary)
    {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++)
        {
            tokens[i] = random.Next(vocabulary);
        }

        return tokens;
    }
}
