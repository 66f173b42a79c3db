using ILGPU;
using ILGPU.Runtime;

namespace Inferometer.Gpu.Devices;

/// <summary>Device memory that grows to the largest step and stays.</summary>
/// <typeparam name="T">An element.</typeparam>
internal sealed class DeviceBuffer<T>(Accelerator accelerator) : IDisposable
    where T : unmanaged
{
    private MemoryBuffer1D<T, Stride1D.Dense> _buffer = accelerator.Allocate1D<T>(1);
    private bool _isZeroed;

    /// <summary>All of it.</summary>
    public ArrayView<T> View => _buffer.AsContiguous();

    /// <summary>Bytes held.</summary>
    public long Bytes => _buffer.LengthInBytes;

    /// <summary>Makes room for <paramref name="length"/> elements; what was there is lost where it grows.</summary>
    public void Reserve(long length)
    {
        if (_buffer.Length >= length)
        {
            return;
        }

        accelerator.Synchronize();
        _buffer.Dispose();
        _buffer = accelerator.Allocate1D<T>(length);
    }

    /// <summary>Makes room for <paramref name="length"/> elements, all zero where it grows.</summary>
    public void ReserveZeros(long length)
    {
        if (_buffer.Length < length || !_isZeroed)
        {
            Reserve(length);
            _buffer.MemSetToZero();
            _isZeroed = true;
        }
    }

    /// <summary>Room for <paramref name="length"/> elements, filled.</summary>
    public void Upload(T[] source, int length)
    {
        Reserve(length);
        View.Fill<T>(source.AsSpan(0, length));
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
