using Inferometer.Core;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// Finds the weights of a checkpoint that several tensors make up: eight-bit floats with scales, gpt-oss's MXFP4, GPTQ, AWQ,
/// compressed-tensors, bitsandbytes.
/// </summary>
internal sealed class PackedWeights
{
    private static readonly string[] s_float8 = ["F8_E4M3", "F8_E5M2"];

    private readonly Dictionary<string, RawTensor> _tensors;
    private readonly PackedConfig _config;
    private readonly HashSet<string> _parts = new(StringComparer.Ordinal);
    private readonly List<(RawTensor First, PackedWeight Weight)> _weights = [];

    /// <summary>Looks through all tensors.</summary>
    /// <exception cref="InferometerException">Tensors contradict each other, or one that is needed is missing.</exception>
    public PackedWeights(IEnumerable<RawTensor> tensors, PackedConfig config)
    {
        _tensors = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        _config = config;
        foreach (RawTensor tensor in _tensors.Values)
        {
            if (Assemble(tensor) is { } weight)
            {
                _weights.Add((tensor, weight));
                _parts.Add(tensor.Name);
            }
        }
    }

    /// <summary>The weights, each with the tensor in whose place it stands.</summary>
    public IReadOnlyDictionary<RawTensor, PackedWeight> Weights => _weights.ToDictionary(pair => pair.First, pair => pair.Weight);

    /// <summary>Whether a tensor is a part of a weight.</summary>
    public bool IsPart(RawTensor tensor) => _parts.Contains(tensor.Name);

    private PackedWeight? Assemble(RawTensor tensor)
    {
        string name = tensor.Name;
        if (Stem(name, ".qweight") is { } stem)
        {
            return Integers(stem, tensor);
        }

        if (Stem(name, ".weight_packed") is { } compressed)
        {
            return Compressed(compressed, tensor);
        }

        if (Stem(name, "_blocks") is { } blocks && tensor.Element is "U8" && Take(blocks + "_scales") is { } exponents)
        {
            return new Mxfp4Weight(blocks, tensor, exponents);
        }

        return Stem(name, ".weight") is not { } plain ? null
            : s_float8.Contains(tensor.Element)
                ? new Float8Weight(name, tensor, Take(plain + ".weight_scale_inv") ?? Take(plain + ".weight_scale"), _config.Block)
            : tensor.Element is "I8" ? Bytes(plain, tensor)
            : tensor.Element is "U8" ? Bits4Weight.Read(name, tensor, ending => Take(name + ending))
            : null;
    }

    private GroupedIntegers Integers(string stem, RawTensor words)
    {
        RawTensor scales = Need(words, stem + ".scales");
        if (words.Shape.Count != 2 || scales.Shape.Count != 2)
        {
            throw words.Wrong($"has the shape [{string.Join(", ", words.Shape)}]", "two dimensions, as of its scales");
        }

        RawTensor? zeros = Take(stem + ".qzeros"), groups = Take(stem + ".g_idx");
        bool isAwq = groups is null && words.Shape[1] * 8 == scales.Shape[1];
        if (isAwq)
        {
            return new GroupedIntegers(stem + ".weight", words.Path, new RowPackedLayout(words, scales, Need(words, stem + ".qzeros")));
        }

        // Zero points lie in words along the outputs, so their number tells the bits.
        int bits = _config.Bits ?? (zeros is not null ? (int)(zeros.Columns * 32 / scales.Columns) : 4);
        return bits is 2 or 3 or 4 or 8
            ? new GroupedIntegers(
                stem + ".weight", words.Path, new ColumnPackedLayout(words, scales, zeros, groups, bits, _config.ZeroOffset))
            : throw words.Wrong($"holds integers of {bits} bits", "2, 3, 4 or 8 bits");
    }

    private GroupedIntegers Compressed(string stem, RawTensor words)
    {
        RawTensor shape = Need(words, stem + ".weight_shape").Of("I64", "I32").WithCount(2);
        if (Take(stem + ".weight_g_idx") is { } order)
        {
            throw order.Wrong("reorders the inputs of compressed-tensors weights", "a checkpoint without activation ordering");
        }

        (long rows, long columns) = (Extent(shape, 0), Extent(shape, 1));
        int bits = columns > 0 && words.Columns * 32 / columns is > 4 and <= 8 ? 8 : 4;
        return new GroupedIntegers(stem + ".weight", words.Path, new SignedLayout(
            words, Need(words, stem + ".weight_scale"), Take(stem + ".weight_zero_point"), (rows, columns), bits, 1));
    }

    private GroupedIntegers? Bytes(string stem, RawTensor bytes)
    {
        RawTensor? scales = Take(stem + ".weight_scale"), absolute = scales is null ? Take(stem + ".SCB") : null;
        if ((scales ?? absolute) is not { } factors || bytes.Shape.Count != 2)
        {
            throw bytes.Wrong("is of integers without 'weight_scale' or 'SCB' beside it", "integers with scales, or floats");
        }

        _ = Take(stem + ".weight_format");
        return new GroupedIntegers(stem + ".weight", bytes.Path, new SignedLayout(
            bytes, factors, Take(stem + ".weight_zero_point"), (bytes.Shape[0], bytes.Shape[1]), 8, absolute is null ? 1 : 1f / 127));
    }

    private static unsafe long Extent(RawTensor shape, int index)
    {
        long extent = shape.Element is "I64" ? *(long*)shape.At(index) : shape.Int32(index);
        return extent is > 0 and <= int.MaxValue ? extent : throw shape.Wrong($"gives the extent {extent}", $"1 to {int.MaxValue}");
    }

    private RawTensor Need(RawTensor of, string name) => Take(name) ?? throw new InferometerException(
        $"{of.Path}: tensor '{of.Name}' needs '{name}' beside it, which is missing.");

    private RawTensor? Take(string name)
    {
        if (!_tensors.TryGetValue(name, out RawTensor? tensor))
        {
            return null;
        }

        _parts.Add(name);
        return tensor;
    }

    private static string? Stem(string name, string ending) =>
        name.EndsWith(ending, StringComparison.Ordinal) && name.Length > ending.Length ? name[..^ending.Length] : null;
}
