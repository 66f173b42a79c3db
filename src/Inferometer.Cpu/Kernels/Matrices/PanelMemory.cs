namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Where the repacked matrices of one model lie: a few large buffers instead of one per matrix, so that nearly all of it can be in huge
/// pages without a part of a huge page lost behind every matrix. Memory that was not handed out yet is not touched and so takes none. Not
/// thread-safe; dispose after the matrices.
/// </summary>
internal sealed unsafe class PanelMemory : IDisposable
{
    private const long BufferBytes = 64L << 20;
    private const int Alignment = 64;

    private readonly List<NativeBuffer> _buffers = [];
    private long _used;

    /// <summary>Hands out memory of unspecified contents, aligned to 64 bytes.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public byte* Take(long byteCount)
    {
        if (_buffers.Count == 0 || _used + byteCount > _buffers[^1].ByteCount)
        {
            _buffers.Add(NativeBuffer.Uninitialized(Math.Max(byteCount, BufferBytes)));
            _used = 0;
        }

        byte* address = _buffers[^1].Address + _used;
        _used += (byteCount + Alignment - 1) / Alignment * Alignment;
        return address;
    }

    public void Dispose() => _buffers.ForEach(buffer => buffer.Dispose());
}
