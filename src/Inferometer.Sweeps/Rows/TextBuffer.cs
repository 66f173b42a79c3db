using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Inferometer.Sweeps.Rows;

/// <summary>Bytes of UTF-8 text that grow. Numbers are written in the fewest digits that read back to the same bits.</summary>
internal sealed class TextBuffer
{
    private byte[] _bytes = new byte[1 << 20];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    public void Add(byte value) => Room(1)[0] = value;

    public void Add(ReadOnlySpan<byte> text) => text.CopyTo(Room(text.Length));

    public void Add(ReadOnlySpan<char> text)
    {
        Span<byte> room = Room(Encoding.UTF8.GetMaxByteCount(text.Length));
        Length -= room.Length;
        Length += Encoding.UTF8.GetBytes(text, room);
    }

    public void Add(long value)
    {
        Span<byte> room = Room(24);
        Length -= 24;
        _ = Utf8Formatter.TryFormat(value, room, out int written);
        Length += written;
    }

    public void Add(double value)
    {
        Span<byte> room = Room(32);
        Length -= 32;
        _ = value.TryFormat(room, out int written, default, CultureInfo.InvariantCulture);
        Length += written;
    }

    private Span<byte> Room(int bytes)
    {
        if (Length + bytes > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, Length + bytes));
        }

        Length += bytes;
        return _bytes.AsSpan(Length - bytes, bytes);
    }
}
