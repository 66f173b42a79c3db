using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Generation;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Runners;

namespace Inferometer.Inference.Engine;

/// <content>Several engines over the same weights.</content>
public sealed partial class InferenceEngine
{
    /// <summary>
    /// Loads a model once and starts several engines over it. Weights are shared; each engine has a cache, a scheduler and a loop of its
    /// own, and its share of the threads. Nothing else is shared, so that requests for one never wait for another's. The engines own the
    /// files from here on, also when this throws; the last one that is disposed of closes them.
    /// </summary>
    /// <param name="checkpoint">The files.</param>
    /// <param name="replicas">Engines.</param>
    /// <param name="options">What each of them is set up with, but for the threads, which are those of all; null for the defaults.</param>
    /// <param name="progress">Told of every layer, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <param name="planned">Told what will be held in memory before it is asked whether that fits; null = nobody is told.</param>
    /// <exception cref="InferometerException">The files or options are not valid, there are fewer threads than engines, or the plan does
    /// not fit into free memory.</exception>
    public static IReadOnlyList<InferenceEngine> LoadReplicas(
        Checkpoint checkpoint, int replicas, InferenceOptions? options = null, IProgress<LoadProgress>? progress = null,
        CancellationToken cancellationToken = default, Action<MemoryPlan>? planned = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        options ??= new InferenceOptions();
        Checkpoint? draftFiles = null;
        try
        {
            options.Validate();
            int[] threads = SharesOf(options, replicas);
            draftFiles = OpenDraft(options);
            (MemoryPlan plan, Tokenizer tokenizer, SamplingDefaults sampling) = Plan(checkpoint, draftFiles, options, planned, replicas);
            EngineParts parts = new(options, plan, tokenizer, sampling, checkpoint);
            return options.Device is { } device
                ? [parts.Start(device, draftFiles, progress, cancellationToken)]
                : StartAll(parts, threads, draftFiles, progress, cancellationToken);
        }
        catch
        {
            draftFiles?.Dispose();
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Threads of each engine: as even as they can be.</summary>
    private static int[] SharesOf(InferenceOptions options, int replicas)
    {
        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        Require(replicas >= 1, $"options: {replicas} replicas; allowed is 1 or more.");
        Require(
            replicas <= threads,
            $"options: {replicas} replicas for {threads} thread{(threads == 1 ? "" : "s")}; each needs one of its own. Allowed is 1 to "
                + $"{threads}, or more {nameof(InferenceOptions.Threads)}.");
        Require(
            replicas == 1 || options.Device is null,
            $"options: {replicas} replicas; they share weights on the processor, and device '{options.Device?.DeviceName}' runs one.");
        return [.. Enumerable.Range(0, replicas).Select(i => (threads / replicas) + (i < threads % replicas ? 1 : 0))];
    }

    private static InferenceEngine[] StartAll(
        in EngineParts parts, int[] threads, Checkpoint? draftFiles, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        TransformerModel? model = null, small = null;
        List<InferenceEngine> engines = [];
        try
        {
            // With all threads: repacking is most of what loading takes.
            LoadOptions loading = LoadOptionsOf(parts.Options, parts.Files);
            model = TransformerModel.Load(parts.Files, loading, progress, cancellationToken);
            small = draftFiles is null ? null : TransformerModel.Load(draftFiles, loading, progress, cancellationToken);
            if (threads.Length == 1)
            {
                (TransformerModel only, TransformerModel? onlySmall) = (model, small);
                (model, small) = (null, null); // the engine's from here on
                return [parts.Start(only, onlySmall, parts.Options.Threads, new EngineAdapters())];
            }

            foreach (int share in threads)
            {
                EngineAdapters adapters = engines.Count == 0 ? new EngineAdapters() : engines[0].Adapters.Share();
                engines.Add(parts.Start(model.Share(share), small?.Share(share), share, adapters));
            }

            return [.. engines];
        }
        catch
        {
            engines.ForEach(engine => engine.Dispose());
            throw;
        }
        finally
        {
            model?.Dispose();
            small?.Dispose();
        }
    }

    /// <summary>What engines over one model have in common.</summary>
    private readonly record struct EngineParts(
        InferenceOptions Options, MemoryPlan Plan, Tokenizer Tokenizer, SamplingDefaults Sampling, Checkpoint Files)
    {
        /// <summary>An engine on another device than the processor.</summary>
        public InferenceEngine Start(
            IRunnerProvider device, Checkpoint? draftFiles, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
        {
            IModelRunner runner = device.CreateRunner(Files, Options, Plan.BlockCount, progress, cancellationToken);
            IModelRunner? draft = null;
            try
            {
                draft = draftFiles is null
                    ? null
                    : device.CreateRunner(draftFiles, Options, Plan.BlockCount, progress, cancellationToken);
                return Start(runner, draft, Options.Threads, new EngineAdapters(), RepackedFileReport.None);
            }
            catch
            {
                draft?.Dispose();
                runner.Dispose();
                throw;
            }
        }

        /// <summary>An engine on the processor; it owns the models from here on, also when this throws.</summary>
        public InferenceEngine Start(TransformerModel model, TransformerModel? small, int threads, EngineAdapters adapters)
        {
            (InferenceOptions options, MemoryPlan plan) = (Options, Plan);
            IModelRunner? runner = null, draft = null;
            try
            {
                InferenceOptions used = options.For(model.Architecture);
                runner = Runner(model, () => used.KvCompression?.CreateCache(
                    model, plan.BlockCount, used.MaxBatchSize, plan.StepTokens)
                    ?? model.CreateCache(plan.BlockCount, used.KvElement, plan.StateSlots));
                draft = small is null ? null : Runner(small, () => small.CreateCache(plan.BlockCount, options.KvElement));
                return Start(runner, draft, threads, adapters, model.RepackedFile);
            }
            catch
            {
                draft?.Dispose();
                runner?.Dispose();
                if (runner is null)
                {
                    small?.Dispose(); // no runner over it was tried
                }

                throw;
            }
        }

        private InferenceEngine Start(
            IModelRunner runner, IModelRunner? draft, int threads, EngineAdapters adapters, RepackedFileReport repacked)
        {
            var rank = RankHead.Of(Files, Tokenizer, out string? rankRefusal);
            return new InferenceEngine(runner, Tokenizer, Options with { Threads = threads }, Plan, draft)
            {
                SamplingDefaults = Sampling,
                EmbeddingDefaults = Files.EmbeddingDefaults,
                Rank = rank,
                RankRefusal = rankRefusal,
                RepackedFile = repacked,
                Adapters = adapters,
            };
        }
    }
}
