using System.Runtime.InteropServices;

namespace Inferometer.Inference.Kernels;

/// <summary>Memory outside the garbage collector's heap, aligned to 64 bytes (one cache line, one 512-bit vector) and cleared. Not thread-safe to dispose while in use.</summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    private readonly Memory _memory;

    /// <summary>Allocates <paramref name="byteCount"/> zero bytes.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public NativeBuffer(long byteCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        ByteCount = byteCount;
        _memory = new Memory(Math.Max(byteCount, 1));
    }

    /// <summary>Size asked for, in bytes.</summary>
    public long ByteCount { get; }

    /// <summary>First byte; valid until disposal.</summary>
    public byte* Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
            return (byte*)_memory.DangerousGetHandle();
        }
    }

    /// <summary>The buffer as floats; at most 2^31 - 1 of them.</summary>
    public Span<float> Floats => new(Address, checked((int)(ByteCount / sizeof(float))));

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>Releases the memory also when nobody disposed of it.</summary>
    private sealed class Memory : SafeHandle
    {
        private const int Alignment = 64;
        private readonly long _byteCount;

        public Memory(long byteCount)
            : base(0, ownsHandle: true)
        {
            _byteCount = byteCount;
            nuint size = ((nuint)byteCount + Alignment - 1) / Alignment * Alignment;
            void* address = NativeMemory.AlignedAlloc(size, Alignment);
            NativeMemory.Clear(address, size);
            GC.AddMemoryPressure(byteCount);
            SetHandle((nint)address);
        }

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            NativeMemory.AlignedFree((void*)handle);
            GC.RemoveMemoryPressure(_byteCount);
            return true;
        }
    }
}
