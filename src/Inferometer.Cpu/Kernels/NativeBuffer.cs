using System.Runtime.InteropServices;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Cpu.Kernels;

/// <summary>
/// Memory outside the garbage collector's heap, aligned to 64 bytes (one cache line, one 512-bit vector); large buffers to 2 MiB, so that
/// the system can back them with huge pages. Not thread-safe to dispose while in use.
/// </summary>
/// <remarks>
/// The system gives pages when they are first touched: what nobody writes to takes no memory, also in a buffer that reads as zero.
/// </remarks>
public sealed unsafe class NativeBuffer : IDisposable
{
    private readonly Memory _memory;

    /// <summary>Allocates <paramref name="byteCount"/> zero bytes.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public NativeBuffer(long byteCount)
        : this(byteCount, clear: true)
    {
    }

    private NativeBuffer(long byteCount, bool clear)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        ByteCount = byteCount;
        _memory = new Memory(Math.Max(byteCount, 1), clear);
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

    /// <summary>Allocates memory whose contents are unspecified: for buffers that are filled at once.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public static NativeBuffer Uninitialized(long byteCount) => new(byteCount, clear: false);

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>Releases the memory also when nobody disposed of it.</summary>
    private sealed class Memory : SafeHandle
    {
        private const int Alignment = 64;
        private readonly void* _block;

        public Memory(long byteCount, bool clear)
            : base(0, ownsHandle: true)
        {
            nuint alignment = byteCount >= 2 * MemoryAdvice.HugePageBytes ? MemoryAdvice.HugePageBytes : (nuint)Alignment;
            nuint size = ((nuint)byteCount + alignment - 1) / alignment * alignment;

            // Aligned by hand, because only the plain allocation can hand out pages that the system has cleared without touching them here.
            _block = clear ? NativeMemory.AllocZeroed(size + alignment) : NativeMemory.Alloc(size + alignment);
            byte* address = (byte*)(((nuint)_block + alignment - 1) / alignment * alignment);
            SetHandle((nint)address);
            if (alignment == MemoryAdvice.HugePageBytes)
            {
                MemoryAdvice.PreferHugePages(address, (long)size);
            }
        }

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            NativeMemory.Free(_block);
            return true;
        }
    }
}
