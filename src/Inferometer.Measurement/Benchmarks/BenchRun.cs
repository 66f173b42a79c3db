using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Threading;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Diagnostics;
using Inferometer.Runners;

namespace Inferometer.Measurement.Benchmarks;

/// <summary>Loads a model once for each count of threads, probes the machine, and times all tests.</summary>
public static class BenchRun
{
    private const double ProbeSeconds = 0.6;
    private const long LeastProbeBytesPerThread = 1 << 20;

    /// <summary>Times everything that is asked for; nothing else should run on the machine meanwhile.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="done">Called after every timed repetition; null = nobody is told.</param>
    /// <param name="loaded">Told what became of a file of repacked weights each time the model was loaded; null = nobody is told.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    /// <exception cref="Core.InferometerException">The model cannot be loaded, or the cache is not one for it.</exception>
    public static IReadOnlyList<BenchResult> Measure(
        BenchRequest request, Action? done = null, Action<RepackedFileReport>? loaded = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Device is { } device)
        {
            return OnDevice(request, device, done ?? (() => { }), cancellationToken);
        }

        List<BenchResult> results = [];
        foreach (int threads in request.Threads)
        {
            using TransformerModel model = TransformerModel.Load(
                request.Model.Open(), OptionsFor(request, threads), cancellationToken: cancellationToken);
            loaded?.Invoke(model.RepackedFile);
            MachineLimits limits = Probe(threads, request.Model.TensorBytes, cancellationToken);
            TestLimit limit = new(request.Model.Architecture, request.Model.TensorBytes, request.Model.MainType, request.Cache, limits);
            BenchRunner runner = new(model, request.Cache, request.Energy);
            foreach (BenchTest test in request.Tests)
            {
                BenchSamples samples = runner.Run(test, request.Repetitions, request.WarmUp, done ?? (() => { }), cancellationToken);
                results.Add(new BenchResult(samples, limits, limit.Rate(test)));
            }
        }

        return results;
    }

    // One runner for all tests: its cache has room for the largest.
    private static List<BenchResult> OnDevice(
        BenchRequest request, IRunnerProvider device, Action done, CancellationToken cancellationToken)
    {
        InferenceOptions options = new()
        {
            MaxBatchSize = request.Tests.Max(test => test.Sequences),
            MaxSequenceTokens = request.Model.Architecture.MaxContextTokens,
            MaxTokensPerStep = BenchRunner.StepTokens,
            KvElement = request.Cache.Element,
            KvCompression = request.Cache.Compression,
            FlashAttention = request.FlashAttention,
        };
        using IModelRunner runner = device.CreateRunner(
            request.Model.Open(), options, request.Tests.Max(BenchRunner.BlocksFor), progress: null, cancellationToken);
        List<BenchResult> results = [];
        foreach (BenchTest test in request.Tests)
        {
            BenchSamples samples = BenchRunner.Run(runner, test, request.Repetitions, request.WarmUp, done, cancellationToken);
            results.Add(new BenchResult(samples, null, null));
        }

        return results;
    }

    private static LoadOptions OptionsFor(BenchRequest request, int threads) => new()
    {
        Threads = threads,
        RepackedFile = request.RepackedFile,
        Forward = new ForwardOptions { FlashAttention = request.FlashAttention },
    };

    // A buffer as large as the weights: a model that fits into a cache is compared with that cache, not with the memory behind it.
    private static MachineLimits Probe(int threads, long weightBytes, CancellationToken cancellationToken)
    {
        using WorkerPool pool = new(threads);
        long buffer = Math.Clamp(weightBytes, threads * LeastProbeBytesPerThread, MachineProbe.DefaultBufferBytes);
        return MachineProbe.Measure(pool, ProbeSeconds, buffer, cancellationToken);
    }
}
