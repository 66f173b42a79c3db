using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles;

namespace Inferometer.Measurement.Local;

/// <summary>The engine with its defaults over a runner that notes what every step was and what it took.</summary>
public sealed class TimedEngine : IDisposable
{
    private readonly TimedRunner _runner;

    private TimedEngine(InferenceEngine engine, TimedRunner runner) => (Engine, _runner) = (engine, runner);

    /// <summary>The engine.</summary>
    public InferenceEngine Engine { get; }

    /// <summary>Loads a model.</summary>
    /// <param name="path">A <c>.gguf</c> file or a Hugging Face folder.</param>
    /// <param name="threads">Worker threads; 0 = as many as the machine has processors.</param>
    /// <param name="cacheTokens">Tokens that the KV cache has room for; null = the engine's default.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <exception cref="Core.InferometerException">The model cannot be run, or does not fit.</exception>
    public static TimedEngine Load(string path, int threads = 0, int? cacheTokens = null, CancellationToken cancellationToken = default)
    {
        var checkpoint = Checkpoint.Open(path);
        TransformerModel? model = null;
        try
        {
            InferenceOptions options = new()
            {
                MaxSequenceTokens = checkpoint.Architecture.MaxContextTokens,
                Threads = threads,
                KvMemoryBytes = cacheTokens is { } tokens
                    ? PagedKvCache.BytesPerBlock(checkpoint.Architecture) * ((tokens + KvCache.BlockSize - 1) / KvCache.BlockSize)
                    : null,
            };
            MemoryPlan plan = InferenceEngine.PlanMemory(checkpoint, options);
            plan.RequireFit();
            model = TransformerModel.Load(
                checkpoint,
                new LoadOptions
                {
                    Threads = threads,
                    ContextTokens = options.MaxSequenceTokens,
                    RepackedFile = RepackedFileUse.Ignore,
                },
                cancellationToken: cancellationToken);
            TimedRunner runner = new(new CpuModelRunner(model, model.CreateCache(plan.BlockCount, options.KvElement, plan.StateSlots)));
            return new TimedEngine(new InferenceEngine(runner, checkpoint.Tokenizer, options, plan), runner);
        }
        catch
        {
            model?.Dispose();
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>The steps since this was asked last, in order. Nothing may be under way.</summary>
    public IReadOnlyList<TimedStep> TakeSteps()
    {
        TimedStep[] steps = [.. _runner.Steps];
        _runner.Steps.Clear();
        return steps;
    }

    /// <inheritdoc/>
    public void Dispose() => Engine.Dispose();
}
