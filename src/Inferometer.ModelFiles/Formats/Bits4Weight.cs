using System.Buffers;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// Four-bit weights of bitsandbytes (nf4, fp4): bytes with two neighbouring values, the first high, each the number of a level in
/// <c>quant_map</c>, times the largest value of its block (<c>absmax</c>, itself in 8 bits where it is nested). They become the type that
/// the file says they came from, F16 or BF16, as bitsandbytes gives them, or F32.
/// </summary>
internal sealed unsafe class Bits4Weight : PackedWeight
{
    private readonly RawTensor _pairs;
    private readonly float[] _levels;
    private readonly float[] _largest;
    private readonly int _blockSize;

    private Bits4Weight(
        string name, RawTensor pairs, EquatableList<long> shape, GgmlType type, float[] levels, float[] largest, int blockSize)
        : base(pairs.Path, name, shape, type)
    {
        (_pairs, _levels, _largest, _blockSize) = (pairs, levels, largest, blockSize);
    }

    /// <summary>Reads the tensors beside the values.</summary>
    /// <param name="name">Name of the weight.</param>
    /// <param name="pairs">The values, U8.</param>
    /// <param name="beside">Finds a tensor by what follows the weight's name.</param>
    /// <exception cref="InferometerException">One is missing, or they contradict each other.</exception>
    public static Bits4Weight Read(string name, RawTensor pairs, Func<string, RawTensor?> beside)
    {
        RawTensor state = beside(".quant_state.bitsandbytes__nf4") ?? beside(".quant_state.bitsandbytes__fp4")
            ?? throw pairs.Wrong("is of 4-bit values without '.quant_state.bitsandbytes__nf4' beside it", "a quantisation state");
        RawTensor Need(string ending) => beside(ending) ?? throw pairs.Wrong($"lacks '{name}{ending}'", "a complete quantisation state");
        try
        {
            using JsonDocument json = JsonDocument.Parse(state.Bytes.ToArray());
            JsonElement root = json.RootElement;
            long[] shape = [.. root.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())];
            int blockSize = root.GetProperty("blocksize").GetInt32();
            UInt128 count = shape.Aggregate((UInt128)1, (product, extent) => product * (UInt128)Math.Max(extent, 0));
            bool isPossible = shape.Length is 1 or 2 && Array.TrueForAll(shape, extent => extent is > 0 and <= int.MaxValue);
            if (!isPossible || blockSize <= 0 || count != (UInt128)pairs.Count * 2)
            {
                throw state.Wrong(
                    $"gives the shape [{string.Join(", ", shape)}] and blocks of {blockSize}", $"a shape of {pairs.Count * 2} values");
            }

            GgmlType type = root.GetProperty("dtype").GetString() switch
            {
                "float16" => GgmlType.F16,
                "bfloat16" => GgmlType.BF16,
                _ => GgmlType.F32,
            };
            float[] levels = Floats(Need(".quant_map").Of("F32").WithCount(16));
            long blocks = ((pairs.Count * 2) + blockSize - 1) / blockSize;
            float[] largest = Largest(Need(".absmax").WithCount(blocks), root, Need);
            return new Bits4Weight(name, pairs, new EquatableList<long>(shape), type, levels, largest, blockSize);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InferometerException($"{pairs.Path}: tensor '{state.Name}' is not the expected JSON: {error.Message}", error);
        }
    }

    public override void WriteRow(long row, Span<byte> destination)
    {
        int columns = checked((int)Columns);
        float[] rented = ArrayPool<float>.Shared.Rent(columns);
        for (int column = 0; column < columns; column++)
        {
            long index = (row * columns) + column;
            int pair = *_pairs.At(index / 2);
            rented[column] = _levels[index % 2 == 0 ? pair >> 4 : pair & 15] * _largest[index / _blockSize];
        }

        BlockCodec.Encode(Type, rented.AsSpan(0, columns), destination);
        ArrayPool<float>.Shared.Return(rented);
    }

    private static float[] Largest(RawTensor stored, JsonElement state, Func<string, RawTensor> need)
    {
        if (stored.Element is not "U8")
        {
            return Floats(stored.Of("F32"));
        }

        int nestedSize = state.GetProperty("nested_blocksize").GetInt32();
        if (nestedSize <= 0)
        {
            throw stored.Wrong($"is in nested blocks of {nestedSize}", "blocks of at least 1 value");
        }

        float offset = state.GetProperty("nested_offset").GetSingle();
        float[] levels = Floats(need(".nested_quant_map").Of("F32").WithCount(256));
        float[] scales = Floats(need(".nested_absmax").Of("F32").WithCount((stored.Count + nestedSize - 1) / nestedSize));
        return [.. Enumerable.Range(0, checked((int)stored.Count)).Select(i => (levels[*stored.At(i)] * scales[i / nestedSize]) + offset)];
    }

    private static float[] Floats(RawTensor tensor) => [.. Enumerable.Range(0, checked((int)tensor.Count)).Select(i => tensor.Float(i))];
}
