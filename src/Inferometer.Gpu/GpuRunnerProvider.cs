using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Weights;
using Inferometer.Gpu.Devices;
using Inferometer.Gpu.Execution;
using Inferometer.Gpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles;
using Inferometer.Runners;

namespace Inferometer.Gpu;

/// <summary>Runs an engine's models on an NVIDIA GPU. Thread-safe.</summary>
public sealed class GpuRunnerProvider : IRunnerProvider
{
    /// <summary>
    /// Environment variable that lets ILGPU's processor emulation stand in for a card where its value is <c>emulated</c>. For tests: it is
    /// correct and thousands of times slower.
    /// </summary>
    public const string EmulationVariable = "INFEROMETER_GPU";

    private const int CacheBits = 8;
    private const string CacheName = "q8";

    private readonly int _index;
    private readonly bool _isEmulated;

    private GpuRunnerProvider(int index, bool isEmulated, string device, long freeBytes)
    {
        (_index, _isEmulated) = (index, isEmulated);
        (DeviceName, FreeBytes) = (device, freeBytes);
    }

    /// <inheritdoc/>
    public string DeviceName { get; }

    /// <inheritdoc/>
    public long FreeBytes { get; }

    /// <summary>Cards that can be used, by name; empty where there is no driver.</summary>
    public static IReadOnlyList<string> Names() => GpuDevice.Names();

    /// <summary>Finds a card.</summary>
    /// <param name="index">Its number as the driver counts.</param>
    /// <exception cref="InferometerException">There is none of this number, or no driver.</exception>
    public static GpuRunnerProvider Find(int index = 0)
    {
        bool isEmulated = Environment.GetEnvironmentVariable(EmulationVariable) is "emulated" && index == 0;
        using GpuDevice device = Open(index, isEmulated);
        return new GpuRunnerProvider(index, isEmulated, device.Name, device.FreeBytes);
    }

    /// <inheritdoc/>
    public void Require(ModelArchitecture architecture, InferenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(options);
        GpuSupport.Require(architecture, Rounds(options));
        Refuse(options.Threads > 0, "use for --threads");
        if (options.KvCompression is { } cache && cache.RoundedBits != CacheBits)
        {
            Refuse(cache.Name is not CacheName, $"cache of the kind '{cache.Name}', but f16 and {CacheName}");
            Refuse(true, $"window of exact tokens of one's own choice in its {CacheName} cache");
        }

        Refuse(options.KvElement != KvElement.F16, $"keys and values as {options.KvElement}");
        Refuse(!options.FlashAttention, "attention that stores whole rows of scores");
        Refuse(!options.GroupedHeads, "a copy of keys and values for each query head");
        Refuse(options.RepackedFile == RepackedFileUse.ReadOrWrite, "a file of repacked weights");
    }

    /// <inheritdoc/>
    public IModelRunner CreateRunner(
        Checkpoint checkpoint, InferenceOptions options, int blockCount, IProgress<LoadProgress>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(options);
        GpuDevice? device = null;
        GpuModel? model = null;
        bool isOwned = false;
        try
        {
            Require(checkpoint.Architecture, options);
            device = Open(_index, _isEmulated);
            int context = Math.Min(options.MaxSequenceTokens, checkpoint.Architecture.MaxContextTokens);
            isOwned = true;
            model = GpuModel.Load(device, checkpoint, context, options.CheckWeights, progress, cancellationToken);
            return new GpuRunner(device, model, blockCount, Rounds(options));
        }
        catch
        {
            model?.Dispose();
            device?.Dispose();
            if (!isOwned)
            {
                checkpoint.Dispose();
            }

            throw;
        }
    }

    private static GpuDevice Open(int index, bool isEmulated) => isEmulated ? GpuDevice.OpenEmulated() : GpuDevice.Open(index);

    private static bool Rounds(InferenceOptions options) => options.KvCompression?.RoundedBits == CacheBits;

    private static void Refuse(bool isAsked, string what)
    {
        if (isAsked)
        {
            throw new InferometerException($"--device gpu: the GPU has no {what}; leave the option out or use --device cpu.");
        }
    }
}
