using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using Inferometer.Core;
using Inferometer.Gpu.Kernels;

namespace Inferometer.Gpu.Devices;

/// <summary>A card, or its emulation on the processor, with the kernels that were compiled for it. Not thread-safe.</summary>
internal sealed class GpuDevice : IDisposable
{
    // A group of four warps leaves a multiprocessor enough groups to choose from, and rows are dealt out finely.
    private const int CardWarps = 4;
    private const int CardRowThreads = 256;

    // A row of logits is long. Twice as many would leave each thread too few registers on some cards.
    private const int CardVocabularyThreads = 512;

    private readonly Context _context;

    private GpuDevice(Context context, Accelerator accelerator, int lanes, int warps = CardWarps)
    {
        _context = context;
        Accelerator = accelerator;
        Lanes = lanes;
        IsEmulated = accelerator.AcceleratorType == AcceleratorType.CPU;
        Warps = warps;
        RowThreads = IsEmulated ? lanes : CardRowThreads;
        VocabularyThreads = IsEmulated ? lanes : CardVocabularyThreads;
        Kernels = DeviceKernels.Create(accelerator, lanes, Launches);
    }

    /// <summary>The device as ILGPU has it.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>The kernels.</summary>
    public DeviceKernels Kernels { get; }

    /// <summary>Kernels launched so far.</summary>
    public LaunchCount Launches { get; } = new();

    /// <summary>Threads of a warp that share a row.</summary>
    public int Lanes { get; }

    /// <summary>Warps of a group in kernels where each has a row of its own.</summary>
    public int Warps { get; }

    /// <summary>Threads of a group in kernels where it has one row.</summary>
    public int RowThreads { get; }

    /// <summary>Threads of a group in kernels where it has a row of logits.</summary>
    public int VocabularyThreads { get; }

    /// <summary>Whether there is no card.</summary>
    public bool IsEmulated { get; }

    /// <summary>The card's name.</summary>
    public string Name => Accelerator.Name;

    /// <summary>Groups that a card runs side by side: parts that attention is cut into should be at least as many.</summary>
    public int ParallelGroups => IsEmulated ? 1 : Accelerator.NumMultiprocessors * 4;

    /// <summary>Bytes that are free on the device now.</summary>
    public long FreeBytes => Accelerator is CudaAccelerator cuda ? cuda.GetFreeMemory() : Inference.Engine.FreeMemory.Bytes();

    /// <summary>Cards that can be opened.</summary>
    public static IReadOnlyList<string> Names()
    {
        using Context? context = CardContext(out _);
        if (context is null)
        {
            return [];
        }

        Context.DeviceCollection<CudaDevice> devices = context.GetCudaDevices();
        List<string> names = [];
        for (int index = 0; index < devices.Count; index++)
        {
            names.Add(devices[index].Name);
        }

        return names;
    }

    /// <summary>Opens a card.</summary>
    /// <param name="index">Its number as the driver counts.</param>
    /// <exception cref="InferometerException">There is none of this number, or no driver.</exception>
    public static GpuDevice Open(int index)
    {
        Context context = CardContext(out string reason) ?? throw new InferometerException($"gpu: no NVIDIA GPU was found: {reason}.");
        try
        {
            Context.DeviceCollection<CudaDevice> devices = context.GetCudaDevices();
            if ((uint)index >= (uint)devices.Count)
            {
                throw new InferometerException(
                    $"gpu:{index}: there is no such GPU; there "
                        + $"{(devices.Count == 1 ? "is gpu:0" : $"are gpu:0 to gpu:{devices.Count - 1}")}.");
            }

            return new GpuDevice(context, devices[index].CreateCudaAccelerator(context), PTXWarp);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    /// <summary>A device that the processor emulates, for tests: correct and very slow.</summary>
    /// <param name="lanes">Threads of a warp: 1, 4 or 32.</param>
    /// <param name="warps">Warps of a group, and groups that run side by side.</param>
    public static GpuDevice OpenEmulated(int lanes = 1, int warps = 1)
    {
        // ILGPU wants warps of two threads at least; groups of one leave the other alone.
        Context context = Context.Create(
            builder => builder.CPU(new CPUDevice(Math.Max(2, lanes), warps, warps)).Optimize(OptimizationLevel.O2));
        return new GpuDevice(context, context.GetCPUDevice(0).CreateCPUAccelerator(context), lanes, warps);
    }

    /// <summary>Makes the device that of the calling thread: the engine steps on another thread than the one that loads.</summary>
    public void Bind() => Accelerator.Bind();

    /// <summary>Groups for so many rows where each warp has one.</summary>
    public int GroupsFor(long rows) => checked((int)((rows + Warps - 1) / Warps));

    /// <inheritdoc/>
    public void Dispose()
    {
        Accelerator.Dispose();
        _context.Dispose();
    }

    private const int PTXWarp = 32;

    private static Context? CardContext(out string reason)
    {
        try
        {
            Context context = Context.Create(builder => builder.Cuda().Optimize(OptimizationLevel.O2));
            if (context.GetCudaDevices().Count > 0)
            {
                reason = "";
                return context;
            }

            context.Dispose();
            reason = "the driver is missing or lists none";
            return null;
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException or NotSupportedException or CudaException)
        {
            reason = error.Message;
            return null;
        }
    }
}
