using System.Text;

namespace Inferometer.Core.Tests.Gguf;

/// <summary>Writes GGUF files byte by byte, also unsound ones.</summary>
internal sealed class GgufBytes
{
    private readonly MemoryStream _metadata = new();
    private readonly MemoryStream _tensors = new();
    private ulong _metadataCount;
    private ulong _tensorCount;
    private ulong _nextOffset;

    public uint Version { get; set; } = 3;

    public GgufBytes Text(string key, string value) => Entry(key, 8, w => WriteText(w, value));

    public GgufBytes UInt32(string key, uint value) => Entry(key, 4, w => w.Write(value));

    public GgufBytes Single(string key, float value) => Entry(key, 6, w => w.Write(value));

    public GgufBytes Bool(string key, byte value) => Entry(key, 7, w => w.Write(value));

    public GgufBytes Texts(string key, params string[] values) => Entry(key, 9, w =>
    {
        w.Write(8u);
        w.Write((ulong)values.Length);
        foreach (string value in values)
        {
            WriteText(w, value);
        }
    });

    public GgufBytes Int32s(string key, params int[] values) => Entry(key, 9, w =>
    {
        w.Write(5u);
        w.Write((ulong)values.Length);
        foreach (int value in values)
        {
            w.Write(value);
        }
    });

    public GgufBytes Entry(string key, uint kind, Action<BinaryWriter> write)
    {
        using var writer = new BinaryWriter(_metadata, Encoding.UTF8, leaveOpen: true);
        WriteText(writer, key);
        writer.Write(kind);
        write(writer);
        _metadataCount++;
        return this;
    }

    public GgufBytes F32(string name, params ulong[] shape)
    {
        ulong bytes = shape.Aggregate(4UL, (product, extent) => unchecked(product * extent));
        Tensor(name, 0, _nextOffset, shape);
        _nextOffset = (_nextOffset + bytes + 31) / 32 * 32;
        return this;
    }

    public GgufBytes Tensor(string name, uint type, ulong offset, params ulong[] shape)
    {
        using var writer = new BinaryWriter(_tensors, Encoding.UTF8, leaveOpen: true);
        WriteText(writer, name);
        writer.Write((uint)shape.Length);
        foreach (ulong extent in shape)
        {
            writer.Write(extent);
        }

        writer.Write(type);
        writer.Write(offset);
        _tensorCount++;
        return this;
    }

    public byte[] Build(ulong? tensorCount = null, ulong? metadataCount = null)
    {
        var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write(tensorCount ?? _tensorCount);
        writer.Write(metadataCount ?? _metadataCount);
        writer.Write(_metadata.ToArray());
        writer.Write(_tensors.ToArray());
        while (file.Length % 32 != 0)
        {
            writer.Write((byte)0);
        }

        writer.Write(new byte[_nextOffset]);
        return file.ToArray();
    }

    private static void WriteText(BinaryWriter writer, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }
}
