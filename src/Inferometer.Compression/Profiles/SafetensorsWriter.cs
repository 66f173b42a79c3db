using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Compression.Profiles;

/// <summary>Writes F32 tensors and one metadata entry in the safetensors layout: header length, JSON header, data in order.</summary>
internal static class SafetensorsWriter
{
    /// <summary>Writes a file beside the target and moves it there when it is whole.</summary>
    /// <exception cref="InferometerException">The file cannot be written.</exception>
    public static void Write(
        string path, string metadataKey, string metadata, IReadOnlyList<(string Name, int[] Shape, float[] Values)> tensors)
    {
        string temporary = path + ".part";
        try
        {
            using (FileStream file = File.Create(temporary))
            {
                byte[] header = Header(metadataKey, metadata, tensors);
                Span<byte> length = stackalloc byte[sizeof(long)];
                BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
                file.Write(length);
                file.Write(header);
                foreach ((_, _, float[] values) in tensors)
                {
                    file.Write(MemoryMarshal.AsBytes(values.AsSpan()));
                }
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new InferometerException($"{path}: cannot be written: {FileFault.Describe(error, path)}", error);
        }
    }

    private static byte[] Header(string metadataKey, string metadata, IReadOnlyList<(string Name, int[] Shape, float[] Values)> tensors)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString(metadataKey, metadata);
            json.WriteEndObject();
            long offset = 0;
            foreach ((string name, int[] shape, float[] values) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (int extent in shape)
                {
                    json.WriteNumberValue(extent);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += (long)values.Length * sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Data starts at a multiple of eight; the format allows spaces at the end of the header.
        while (stream.Length % 8 != 0)
        {
            stream.WriteByte((byte)' ');
        }

        return stream.ToArray();
    }
}
