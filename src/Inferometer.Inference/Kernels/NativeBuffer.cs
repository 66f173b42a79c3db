using System.Runtime.InteropServices;

namespace Inferometer.Inference.Kernels;

/// <summary>
/// Memory outside the garbage collector's heap, aligned to 64 bytes (one cache line, one 512-bit vector); large buffers to 2 MiB, so that the system can back them
/// with huge pages. Not thread-safe to dispose while in use.
/// </summary>
public sealed unsafe partial class NativeBuffer : IDisposable
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

    /// <summary>Allocates memory whose contents are unspecified: for buffers that several threads fill, since the first touch of fresh memory is the slow part.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much.</exception>
    public static NativeBuffer Uninitialized(long byteCount) => new(byteCount, clear: false);

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>Releases the memory also when nobody disposed of it.</summary>
    private sealed partial class Memory : SafeHandle
    {
        private const int Alignment = 64;
        private const int HugePageBytes = 2 << 20;
        private const int AdviseHugePages = 14; // MADV_HUGEPAGE
        private readonly long _byteCount;

        public Memory(long byteCount, bool clear)
            : base(0, ownsHandle: true)
        {
            _byteCount = byteCount;
            nuint alignment = byteCount >= 2 * HugePageBytes ? HugePageBytes : (nuint)Alignment;
            nuint size = ((nuint)byteCount + alignment - 1) / alignment * alignment;
            void* address = NativeMemory.AlignedAlloc(size, alignment);
            SetHandle((nint)address);
            GC.AddMemoryPressure(byteCount);
            if (alignment == HugePageBytes && OperatingSystem.IsLinux())
            {
                // Only advice: a refusal costs speed and nothing else.
                _ = Advise((nint)address, (nint)size, AdviseHugePages);
            }

            if (clear)
            {
                NativeMemory.Clear(address, size);
            }
        }

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            NativeMemory.AlignedFree((void*)handle);
            GC.RemoveMemoryPressure(_byteCount);
            return true;
        }

        [LibraryImport("libc", EntryPoint = "madvise")]
        private static partial int Advise(nint address, nint byteCount, int advice);
    }
}
