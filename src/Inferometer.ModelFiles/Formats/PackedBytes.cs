using System.Runtime.InteropServices;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// A tensor that is worked out from others when it is first read, row by row on all processors, and again when it is read after all of its
/// rows were released.
/// </summary>
internal sealed unsafe class PackedBytes(PackedWeight weight) : TensorBytes, IDisposable
{
    private const nuint Alignment = 64;

    private readonly Lock _lock = new();
    private byte* _memory;
    private bool _isFilled;
    private bool _isDisposed;
    private long _released;

    public override string Path => weight.Path;

    public override byte* Address
    {
        get
        {
            byte* memory = Reserved;
            lock (_lock)
            {
                if (!_isFilled)
                {
                    Fill(memory);
                    _isFilled = true;
                }
            }

            return memory;
        }
    }

    // Memory that nobody writes to costs no more than its addresses.
    public override byte* Reserved
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                return _memory is null ? _memory = (byte*)NativeMemory.AlignedAlloc((nuint)weight.ByteCount, Alignment) : _memory;
            }
        }
    }

    public override void Release(long offset, long byteCount)
    {
        lock (_lock)
        {
            _released += byteCount;
            if (_isFilled && _released >= weight.ByteCount)
            {
                Free();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            Free();
        }
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        (_isFilled, _released) = (false, 0);
    }

    private void Fill(byte* memory)
    {
        int rowBytes = checked((int)weight.RowByteCount);
        const int RowsAtOnce = 64; // neighbours share cache lines where packing runs across rows
        long pieces = (weight.Rows + RowsAtOnce - 1) / RowsAtOnce;
        Parallel.For(0, pieces, piece =>
        {
            long end = Math.Min((piece + 1) * RowsAtOnce, weight.Rows);
            for (long row = piece * RowsAtOnce; row < end; row++)
            {
                weight.WriteRow(row, new Span<byte>(memory + (row * rowBytes), rowBytes));
            }
        });
    }
}
