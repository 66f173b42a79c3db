using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Inferometer.Core.Gguf;

/// <summary>Primitive reads from a GGUF file with every length checked against what is left of the file.</summary>
internal sealed class GgufReader(Stream stream, string source)
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    public string Source => source;

    public long Length { get; } = stream.Length;

    public long Position { get; private set; }

    public long Remaining => Length - Position;

    public InferometerException Error(string problem) =>
        new($"{source}: not a sound GGUF file: {problem} (at byte {Position} of {Length}).");

    public byte ReadByte() => Take(1)[0];

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>
    /// Reads a 64-bit count of things of at least <paramref name="minimumBytes"/> each and checks that so many can still follow.
    /// </summary>
    public int ReadCount(string what, int minimumBytes)
    {
        ulong count = ReadUInt64();
        if (count > (ulong)(Remaining / minimumBytes) || count > (ulong)Array.MaxLength)
        {
            throw Error($"{what} is {count}, more than the {Remaining} bytes left can hold");
        }

        return (int)count;
    }

    public string ReadString(string what)
    {
        int length = ReadCount($"the length of {what}", 1);
        if (length <= _buffer.Length)
        {
            return Encoding.UTF8.GetString(Take(length));
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Fill(rented.AsSpan(0, length));
            return Encoding.UTF8.GetString(rented, 0, length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Reads little-endian numbers straight into an array.</summary>
    public T[] ReadNumbers<T>(int count)
        where T : unmanaged
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("GGUF files are read on little-endian machines only.");
        }

        var result = new T[count];
        Fill(MemoryMarshal.AsBytes(result.AsSpan()));
        return result;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > Remaining)
        {
            throw Error($"it ends where {count} more bytes were expected");
        }

        if (_end - _start < count)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
            int read = stream.ReadAtLeast(_buffer.AsSpan(_end), count - _end, throwOnEndOfStream: false);
            _end += read;
            if (_end < count)
            {
                throw Error($"it ends where {count} more bytes were expected");
            }
        }

        ReadOnlySpan<byte> result = _buffer.AsSpan(_start, count);
        _start += count;
        Position += count;
        return result;
    }

    private void Fill(Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            int piece = Math.Min(target.Length, _buffer.Length);
            Take(piece).CopyTo(target);
            target = target[piece..];
        }
    }
}
