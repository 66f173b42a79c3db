using System.Buffers.Binary;
using System.Text;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Fuzzing;

/// <summary>Sound files of packed weights and importances, and how damaged ones are read.</summary>
internal static class PackedSeeds
{
    private const long MostBytes = 1 << 20; // damage cannot make a weight much larger than its file

    /// <summary>A small weight of every kind.</summary>
    public static byte[] Safetensors
    {
        get
        {
            const string State = """{"blocksize":8,"dtype":"float16","shape":[2,8],"nested_blocksize":2,"nested_offset":0.5}""";
            (string Name, string Type, int[] Shape)[] tensors =
            [
                ("a.weight", "F8_E4M3", [4, 4]), ("a.weight_scale_inv", "F32", [1, 1]),
                ("b_blocks", "U8", [1, 2, 1, 16]), ("b_scales", "U8", [1, 2, 1]),
                ("c.qweight", "I32", [32, 1]), ("c.qzeros", "I32", [1, 1]), ("c.scales", "F16", [1, 8]),
                ("d.qweight", "I32", [4, 8]), ("d.qzeros", "I32", [1, 1]), ("d.scales", "F16", [1, 8]), ("d.g_idx", "I32", [32]),
                ("e.weight_packed", "I32", [2, 4]), ("e.weight_shape", "I64", [2]), ("e.weight_scale", "BF16", [2, 1]),
                ("f.weight", "I8", [2, 32]), ("f.SCB", "F32", [2]),
                ("g.weight", "U8", [8, 1]), ("g.weight.absmax", "U8", [2]), ("g.weight.quant_map", "F32", [16]),
                ("g.weight.nested_absmax", "F32", [1]), ("g.weight.nested_quant_map", "F32", [256]),
                ("g.weight.quant_state.bitsandbytes__nf4", "U8", [State.Length]),
            ];
            StringBuilder json = new("{");
            List<byte> data = [];
            foreach ((string name, string type, int[] shape) in tensors)
            {
                int start = data.Count;
                byte[] bytes = new byte[SafetensorsTensorInfo.ElementTypes[type] * shape.Aggregate(1,
                    (product, extent) => product * extent)];
                Fill(name, bytes, State);
                data.AddRange(bytes);
                json.Append(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $$"""{{(json.Length > 1 ? "," : "")}}"{{name}}":{"dtype":"{{type}}","shape":[{{string.Join(",", shape)}}],"data_offsets":[{{start}},{{data.Count}}]}""");
            }

            byte[] header = Encoding.UTF8.GetBytes(json.Append('}').ToString());
            return [.. BitConverter.GetBytes((long)header.Length), .. header, .. data];
        }
    }

    /// <summary>An importance matrix of the older kind.</summary>
    public static byte[] Importances =>
    [
        1, 0, 0, 0, 3, 0, 0, 0, (byte)'a', (byte)'.', (byte)'w', 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 2, 0, 0, 0, 0, 0,
            0, 0,
    ];

    /// <summary>Puts every weight of a file together, the first and the last row of it.</summary>
    public static unsafe void Read(byte[] input, string origin)
    {
        using MemoryStream stream = new(input, writable: false);
        var header = SafetensorsHeader.Read(stream, origin);
        fixed (byte* start = input)
        {
            byte* file = start;
            PackedWeights packed = new([.. header.Tensors.Select(info => new RawTensor(file, origin, info))], PackedConfig.Default);
            foreach (PackedWeight weight in packed.Weights.Values.Where(weight => weight.RowByteCount <= MostBytes))
            {
                byte[] row = new byte[weight.RowByteCount];
                weight.WriteRow(0, row);
                weight.WriteRow(weight.Rows - 1, row);
            }
        }
    }

    private static void Fill(string name, Span<byte> bytes, string state)
    {
        if (name.EndsWith("nf4", StringComparison.Ordinal))
        {
            Encoding.UTF8.GetBytes(state, bytes);
        }
        else if (name is "e.weight_shape")
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, 2);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], 32);
        }
        else if (name is not "d.g_idx")
        {
            bytes.Fill(0x3C); // scales of about one in every float type
        }
    }
}
