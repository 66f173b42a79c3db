using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Threading;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.TensorNames;

namespace Inferometer.Cpu.Weights;

/// <summary>Opens a model's files, settles what the network is and how its tensors are called, and loads them.</summary>
internal static class ModelLoader
{
    /// <summary>Loads a checkpoint; the model owns it from here on, also when this throws.</summary>
    /// <exception cref="InferometerException">The files are not sound, or the engine has no code for the network.</exception>
    public static LoadedModel Load(
        Checkpoint checkpoint, LoadOptions options, WorkerPool pool, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        RepackedWeights? repacked = null;
        try
        {
            ITensorSource source = checkpoint.Tensors;
            LoadMonitor monitor = new(source, progress, cancellationToken);
            ModelArchitecture architecture = checkpoint.Architecture;
            ModelSupport.Require(architecture);
            repacked = RepackedWeights.Open(source, options, pool);
            TensorLoader tensors = new(source, Names(source, architecture), pool, options, monitor, repacked, NormOffset(architecture));
            architecture = GgufRope.Complete(architecture, source as GgufModelFile, tensors);
            ModelWeights weights = new WeightAssembly(architecture, tensors, monitor).Load();
            repacked.Complete();
            return new LoadedModel(architecture, checkpoint, repacked, weights, Context(architecture, options));
        }
        catch
        {
            repacked?.Dispose();
            checkpoint.Dispose();
            throw;
        }
    }

    private static float NormOffset(ModelArchitecture architecture) => architecture.Norm == NormKind.RmsNormPlusOne ? 1 : 0;

    private static IWeightNames Names(ITensorSource source, ModelArchitecture architecture)
    {
        bool Contains(string name) => source.TryGetTensor(name, out _);
        return source is GgufModelFile
            ? new GgufNames()
            : HuggingFaceNames.Find(Contains, architecture.PostBlockNorms)
                ?? throw new InferometerException($"{source.Path}: no tensor 'model.embed_tokens.weight'; the checkpoint's tensor names are not known.");
    }

    private static int Context(ModelArchitecture architecture, LoadOptions options)
    {
        if (options.ContextTokens < 0)
        {
            throw new InferometerException($"context of {options.ContextTokens} tokens: it must be at least 1, or 0 for what the model was made for ({architecture.MaxContextTokens}).");
        }

        return options.ContextTokens > 0 ? options.ContextTokens : architecture.MaxContextTokens;
    }
}
