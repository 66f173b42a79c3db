using ILGPU;
using ILGPU.Runtime;
using Inferometer.Gpu.Devices;

namespace Inferometer.Gpu.Weights;

/// <summary>A vector of floats on the device, or none: then its view is a place to point at that no kernel reads.</summary>
internal sealed class DeviceVector(GpuDevice device, float[]? values) : IDisposable
{
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _buffer =
        device.Accelerator.Allocate1D(values is { Length: > 0 } ? values : [0]);

    /// <summary>The numbers.</summary>
    public ArrayView<float> View => _buffer.AsContiguous();

    /// <summary>Whether there are any: 1 or 0, as kernels are told.</summary>
    public int IsThere { get; } = values is null ? 0 : 1;

    /// <summary>Device memory held.</summary>
    public long Bytes => _buffer.LengthInBytes;

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
