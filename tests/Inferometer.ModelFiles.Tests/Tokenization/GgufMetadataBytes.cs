using System.Text;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Tests.Tokenization;

/// <summary>Writes a GGUF file of metadata alone, for loader tests.</summary>
internal sealed class GgufMetadataBytes
{
    private readonly MemoryStream _values = new();
    private readonly BinaryWriter _writer;
    private ulong _count;

    public GgufMetadataBytes() => _writer = new BinaryWriter(_values);

    public GgufMetadataBytes Add(string key, string value)
    {
        Begin(key, GgufValueKind.String);
        Write(value);
        return this;
    }

    public GgufMetadataBytes Add(string key, uint value)
    {
        Begin(key, GgufValueKind.UInt32);
        _writer.Write(value);
        return this;
    }

    public GgufMetadataBytes Add(string key, bool value)
    {
        Begin(key, GgufValueKind.Bool);
        _writer.Write(value);
        return this;
    }

    public GgufMetadataBytes Add(string key, params string[] values)
    {
        BeginArray(key, GgufValueKind.String, values.Length);
        foreach (string value in values)
        {
            Write(value);
        }

        return this;
    }

    public GgufMetadataBytes Add(string key, params float[] values)
    {
        BeginArray(key, GgufValueKind.Float32, values.Length);
        foreach (float value in values)
        {
            _writer.Write(value);
        }

        return this;
    }

    public GgufMetadataBytes Add(string key, params int[] values)
    {
        BeginArray(key, GgufValueKind.Int32, values.Length);
        foreach (int value in values)
        {
            _writer.Write(value);
        }

        return this;
    }

    public GgufHeader Read() => GgufHeader.Read(new MemoryStream(Bytes()), "test.gguf");

    public byte[] Bytes()
    {
        var file = new MemoryStream();
        using var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write(0ul);
        writer.Write(_count);
        writer.Write(_values.ToArray());
        writer.Write(new byte[32]);
        writer.Flush();
        return file.ToArray();
    }

    private void Begin(string key, GgufValueKind kind)
    {
        _count++;
        Write(key);
        _writer.Write((uint)kind);
    }

    private void BeginArray(string key, GgufValueKind kind, int count)
    {
        Begin(key, GgufValueKind.Array);
        _writer.Write((uint)kind);
        _writer.Write((ulong)count);
    }

    private void Write(string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        _writer.Write((ulong)bytes.Length);
        _writer.Write(bytes);
    }
}
