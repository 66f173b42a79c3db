using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Matrices;
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
            if (options.RepackingSteps < 0)
            {
                throw new InferometerException(
                    $"{nameof(LoadOptions.RepackingSteps)} is {options.RepackingSteps}; it must be 0 or more.");
            }

            repacked = RepackedWeights.Open(source, options, pool);
            (architecture, ModelWeights weights) = Assemble(checkpoint, architecture, pool, options, monitor, repacked);
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

    /// <summary>
    /// Throws where <see cref="Load"/> would, without reading more than norms and biases: all tensors are found, have the shapes that the
    /// architecture asks for, and are stored in formats there are kernels for.
    /// </summary>
    /// <exception cref="InferometerException">The files are not sound, or the engine has no code for the network.</exception>
    public static void Check(Checkpoint checkpoint)
    {
        // As stored nothing is copied: a matrix is a view of the mapped file.
        LoadOptions options = new()
        {
            CheckWeights = false,
            RepackedFile = RepackedFileUse.Ignore,
            Packing = new WeightPackingOptions { QuantizeActivations = false },
        };
        ITensorSource source = checkpoint.Tensors;
        using WorkerPool pool = new(1);
        using var repacked = RepackedWeights.Open(source, options, pool);
        LoadMonitor monitor = new(source, null, CancellationToken.None);
        (_, ModelWeights weights) =
            Assemble(checkpoint, checkpoint.Architecture, pool, options, monitor, repacked, onlyChecks: true);
        weights.Dispose();
    }

    private static (ModelArchitecture Architecture, ModelWeights Weights) Assemble(
        Checkpoint checkpoint, ModelArchitecture architecture, WorkerPool pool, LoadOptions options, LoadMonitor monitor,
            RepackedWeights repacked, bool onlyChecks = false)
    {
        TensorLoader tensors = new(checkpoint.Tensors, Names(checkpoint, architecture), pool, options, monitor, repacked, architecture.Norm)
        {
            OnlyChecks = onlyChecks,
        };
        architecture = GgufRope.Complete(architecture, checkpoint.Header, tensors);
        return (architecture, new WeightAssembly(architecture, tensors, monitor).Load());
    }

    private static IWeightNames Names(Checkpoint checkpoint, ModelArchitecture architecture)
    {
        ITensorSource source = checkpoint.Tensors;
        bool Contains(string name) => source.TryGetTensor(name, out _);
        return checkpoint.Header is not null
            ? new GgufNames(GgufFamilies.Find(architecture.ModelType), architecture)
            : HuggingFaceNames.Find(Contains, architecture)
                ?? throw new InferometerException(
                    $"{source.Path}: no tensor 'model.embed_tokens.weight'; the checkpoint's tensor names are not known.");
    }

    private static int Context(ModelArchitecture architecture, LoadOptions options)
    {
        if (options.ContextTokens < 0)
        {
            throw new InferometerException(
                $"context of {options.ContextTokens} tokens: it must be at least 1, or 0 for what the model was made for "
                    + $"({architecture.MaxContextTokens}).");
        }

        return options.ContextTokens > 0 ? options.ContextTokens : architecture.MaxContextTokens;
    }
}
