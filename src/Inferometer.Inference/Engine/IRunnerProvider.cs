using Inferometer.Core.Models;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles;
using Inferometer.Runners;

namespace Inferometer.Inference.Engine;

/// <summary>Makes runners on another device than the processor for an engine. Implementations are thread-safe.</summary>
public interface IRunnerProvider
{
    /// <summary>What the device is called in reports.</summary>
    string DeviceName { get; }

    /// <summary>Bytes that are free on the device.</summary>
    long FreeBytes { get; }

    /// <summary>Throws where the device could not run a model, without reading its weights.</summary>
    /// <param name="architecture">The model.</param>
    /// <param name="options">What the engine is asked for.</param>
    /// <exception cref="Core.InferometerException">Names the part of the model, or the option.</exception>
    void Require(ModelArchitecture architecture, InferenceOptions options);

    /// <summary>Loads a model. The runner owns its files from here on, also when this throws.</summary>
    /// <param name="checkpoint">The files.</param>
    /// <param name="options">What the engine is asked for.</param>
    /// <param name="blockCount">Blocks of the cache.</param>
    /// <param name="progress">Told of every layer, from the calling thread; or null.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <exception cref="Core.InferometerException">The model is damaged, too large, or in formats the device has no kernels for.
    /// </exception>
    IModelRunner CreateRunner(
        Checkpoint checkpoint, InferenceOptions options, int blockCount, IProgress<LoadProgress>? progress,
        CancellationToken cancellationToken);
}
