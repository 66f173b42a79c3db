using System.Runtime.InteropServices;
using System.Text;

namespace Inferometer.ReferenceModels;

/// <summary>Writes a GGUF v3 file of float32 tensors, from the format's specification and apart from the engine's own writer.</summary>
public static class GgufFile
{
    private const int Alignment = 32;

    public static void Write(
        string path, IReadOnlyList<KeyValuePair<string, object>> metadata, IReadOnlyList<KeyValuePair<string, ReferenceTensor>> tensors)
    {
        using BinaryWriter writer = new(File.Create(path), Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Count);
        foreach ((string key, object value) in metadata)
        {
            WriteString(writer, key);
            WriteValue(writer, value);
        }

        ulong offset = 0;
        foreach ((string name, ReferenceTensor tensor) in tensors)
        {
            WriteString(writer, name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (int size in tensor.Shape.Reverse())
            {
                writer.Write((ulong)size);
            }

            writer.Write(0u); // F32
            writer.Write(offset);
            offset += (ulong)(tensor.Data.Length * sizeof(float));
            offset += (Alignment - (offset % Alignment)) % Alignment;
        }

        foreach ((_, ReferenceTensor tensor) in tensors)
        {
            Pad(writer);
            writer.Write(MemoryMarshal.AsBytes(tensor.Data.AsSpan()));
        }

        Pad(writer);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case int number:
                writer.Write(4u);
                writer.Write((uint)number);
                break;
            case double number:
                writer.Write(6u);
                writer.Write((float)number);
                break;
            case bool flag:
                writer.Write(7u);
                writer.Write((byte)(flag ? 1 : 0));
                break;
            case string text:
                writer.Write(8u);
                WriteString(writer, text);
                break;
            case string[] texts:
                writer.Write(9u);
                writer.Write(8u);
                writer.Write((ulong)texts.Length);
                foreach (string text in texts)
                {
                    WriteString(writer, text);
                }

                break;
            default:
                throw new ArgumentException($"no GGUF type for {value.GetType()}", nameof(value));
        }
    }

    private static void WriteString(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void Pad(BinaryWriter writer)
    {
        while (writer.BaseStream.Position % Alignment != 0)
        {
            writer.Write((byte)0);
        }
    }
}
