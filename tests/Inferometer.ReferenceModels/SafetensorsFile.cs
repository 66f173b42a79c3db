using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Inferometer.ReferenceModels;

/// <summary>Writes float32 tensors in the safetensors layout: header length, JSON header, data in order.</summary>
public static class SafetensorsFile
{
    public static void Write(string path, IEnumerable<KeyValuePair<string, ReferenceTensor>> tensors)
    {
        KeyValuePair<string, ReferenceTensor>[] all = [.. tensors];
        JsonObject header = [];
        long offset = 0;
        foreach ((string name, ReferenceTensor tensor) in all)
        {
            long end = offset + (tensor.Data.Length * sizeof(float));
            header[name] = new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = new JsonArray([.. tensor.Shape.Select(size => (JsonNode)size)]),
                ["data_offsets"] = new JsonArray(offset, end),
            };
            offset = end;
        }

        byte[] text = Encoding.UTF8.GetBytes(header.ToJsonString());
        byte[] padded = [.. text, .. Enumerable.Repeat((byte)' ', (8 - (text.Length % 8)) % 8)];
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, padded.Length);
        using FileStream file = File.Create(path);
        file.Write(length);
        file.Write(padded);
        foreach ((_, ReferenceTensor tensor) in all)
        {
            file.Write(MemoryMarshal.AsBytes(tensor.Data.AsSpan()));
        }
    }
}
