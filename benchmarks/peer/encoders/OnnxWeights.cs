using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Inferometer.Peer.Encoders;

/// <summary>
/// The float32 weights of an ONNX file under the names they had in PyTorch. The exporter keeps the names of what it stores as it was; the
/// matrix of a linear layer it stores turned round and without its name, which follows from the bias that is added to the product.
/// </summary>
internal static class OnnxWeights
{
    // Fields of onnx.proto: ModelProto.graph, GraphProto.node and .initializer, NodeProto.input, .output and .op_type,
    // TensorProto.dims, .data_type, .name and .raw_data; FLOAT is 1.
    private const int Graph = 7, Nodes = 1, Initializers = 5, Input = 1, Output = 2, Operator = 4;
    private const int Extents = 1, DataType = 2, TensorName = 8, RawData = 9, Float = 1;

    public static Dictionary<string, (int[] Shape, byte[] Data)> Read(byte[] file)
    {
        Dictionary<string, (int[] Shape, byte[] Data)> stored = new(StringComparer.Ordinal);
        List<(string Operator, string[] Inputs, string Output)> nodes = [];
        foreach (Field graph in Fields(file, 0, file.Length).Where(field => field.Number == Graph))
        {
            foreach (Field part in Fields(file, graph.Start, graph.End))
            {
                List<Field> fields = part.Number is Nodes or Initializers ? [.. Fields(file, part.Start, part.End)] : [];
                if (part.Number == Nodes)
                {
                    string[] texts(int number) => [.. fields.Where(field => field.Number == number).Select(field => Text(file, field))];
                    nodes.Add((texts(Operator)[0], texts(Input), texts(Output)[0]));
                }
                else if (part.Number == Initializers && fields.Exists(field => field.Number == DataType && field.Value == Float))
                {
                    Field data = fields.Find(field => field.Number == RawData);
                    string name = Text(file, fields.Find(field => field.Number == TensorName));
                    stored[name] = (Shape(file, fields), file[data.Start..data.End]);
                }
            }
        }

        Dictionary<string, (int[] Shape, byte[] Data)> weights = new(StringComparer.Ordinal);
        foreach ((string name, (int[] Shape, byte[] Data) tensor) in stored.Where(tensor => tensor.Key.Contains('.')))
        {
            weights[name] = tensor;
        }

        foreach ((_, string[] inputs, string output) in nodes
            .Where(node => node.Operator is "MatMul" && stored.ContainsKey(node.Inputs[1])))
        {
            string bias = nodes.First(node => node.Operator is "Add" && node.Inputs.Contains(output)).Inputs.First(stored.ContainsKey);
            weights[bias.Replace(".bias", ".weight", StringComparison.Ordinal)] = Transposed(stored[inputs[1]]);
        }

        return weights;
    }

    private static (int[] Shape, byte[] Data) Transposed((int[] Shape, byte[] Data) tensor)
    {
        (int rows, int columns) = (tensor.Shape[0], tensor.Shape[1]);
        byte[] turned = new byte[tensor.Data.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                tensor.Data.AsSpan(((row * columns) + column) * sizeof(float), sizeof(float))
                    .CopyTo(turned.AsSpan(((column * rows) + row) * sizeof(float)));
            }
        }

        return ([columns, rows], turned);
    }

    private static int[] Shape(byte[] file, List<Field> fields)
    {
        List<int> shape = [];
        foreach (Field extents in fields.Where(field => field.Number == Extents))
        {
            if (extents.End == 0)
            {
                shape.Add((int)extents.Value);
            }

            for (int at = extents.Start; at < extents.End;)
            {
                shape.Add((int)Number(file, ref at));
            }
        }

        return [.. shape];
    }

    private static string Text(byte[] file, Field field) => Encoding.UTF8.GetString(file, field.Start, field.End - field.Start);

    /// <summary>The fields of a message; of one that is a number the value, of others where it lies.</summary>
    private static IEnumerable<Field> Fields(byte[] file, int start, int end)
    {
        for (int at = start; at < end;)
        {
            ulong key = Number(file, ref at);
            int number = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    yield return new(number, Number(file, ref at), 0, 0);
                    break;
                case 2:
                    int length = (int)Number(file, ref at);
                    yield return new(number, 0, at, at + length);
                    at += length;
                    break;
                case 5:
                    yield return new(number, BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at)), 0, 0);
                    at += sizeof(uint);
                    break;
                default:
                    yield return new(number, BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at)), 0, 0);
                    at += sizeof(ulong);
                    break;
            }
        }
    }

    private static ulong Number(byte[] file, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = file[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Field(int Number, ulong Value, int Start, int End);
}
