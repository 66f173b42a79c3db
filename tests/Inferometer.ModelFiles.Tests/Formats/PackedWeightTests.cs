using System.Text;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Tests.Formats;

/// <summary>Weights packed by the rules of the tools that write them, against the numbers that were packed.</summary>
public sealed class PackedWeightTests : IDisposable
{
    private readonly RawSafetensors _file = new();
    private readonly Random _random = new(5);

    public void Dispose() => _file.Dispose();

    [Fact]
    public void Eight_bit_floats_without_scales_are_exact()
    {
        _file.Add("a.weight", "F8_E4M3", [2, 4], (byte[])[0x00, 0x01, 0x08, 0x38, 0x7E, 0x81, 0xB8, 0xFE]);
        _file.Add("b.weight", "F8_E5M2", [1, 4], (byte[])[0x01, 0x3C, 0x7B, 0xC0]);
        AssertWeight("a.weight", GgmlType.F16, [0, 1 / 512f, 1 / 64f, 1, 448, -1 / 512f, -1, -448]);
        AssertWeight("b.weight", GgmlType.F16, [1 / 65536f, 1, 57344, -2]);
    }

    [Theory]
    [InlineData("weight_scale_inv", new long[] { 2, 3 })]
    [InlineData("weight_scale", new long[] { 3, 1 })]
    [InlineData("weight_scale", new long[] { 3 })]
    [InlineData("weight_scale", new long[] { })]
    public void Eight_bit_floats_are_multiplied_by_their_scales(string ending, long[] shape)
    {
        byte[] bits = [.. Enumerable.Range(0, 3 * 6).Select(i => (byte)(0x30 + i))]; // 0.5 to 15: 4 bits of significand
        float[] scales = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => MathF.ScaleB(1, i - 3))];
        _file.Config("""{"quant_method":"fp8","weight_block_size":[2,2]}""").Add("a.weight", "F8_E4M3", [3, 6], bits).Add("a." + ending, "F32", shape, scales);
        float[] expected = [.. bits.Select((b, i) => MathF.ScaleB(8 + (b & 7), (b >> 3) - 10) * scales[shape.Length switch
        {
            2 when shape[1] == 3 => (i / 6 / 2 * 3) + (i % 6 / 2),
            0 => 0,
            _ => i / 6,
        }])];
        AssertWeight("a.weight", GgmlType.BF16, expected);
        Assert.Equal(["a.weight"], _file.Names);
    }

    [Fact]
    public void Microscaled_floats_of_gpt_oss_keep_every_bit()
    {
        float[] levels = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, 0, -0.5f, -1, -1.5f, -2, -3, -4, -6];
        int[] codes = Random(2 * 64, 0, 16);
        byte[] exponents = [120, 127, 130, 1];
        _file.Add("x.gate_up_proj_blocks", "U8", [1, 2, 2, 16],
            [.. Enumerable.Range(0, 64).Select(i => (byte)(codes[2 * i] | (codes[(2 * i) + 1] << 4)))])
            .Add("x.gate_up_proj_scales", "U8", [1, 2, 2], exponents);
        ModelTensor tensor = AssertWeight(
            "x.gate_up_proj", GgmlType.MXFP4, [.. codes.Select((code, i) => levels[code] * MathF.ScaleB(1, exponents[i / 32] - 127))]);
        Assert.Equal([1, 2, 64], tensor.Shape);
    }

    [Theory]
    [InlineData(8, 9, GgmlType.Q4_0)]
    [InlineData(0, 16, GgmlType.Q5_0)]
    public void Awq_is_exact(int leastZero, int mostZero, GgmlType type)
    {
        const int Inputs = 64, Outputs = 16, Group = 32;
        int[] order = [0, 2, 4, 6, 1, 3, 5, 7]; // as AutoAWQ packs
        int[] q = Random(Inputs * Outputs, 0, 16), z = Random(Inputs / Group * Outputs, leastZero, mostZero);
        float[] s = Halves(z.Length);
        int[] Pack(int[] values) => [.. Enumerable.Range(0, values.Length / 8).Select(word =>
            Enumerable.Range(0, 8).Aggregate(0, (bits, i) => bits | (values[(word * 8) + order[i]] << (4 * i))))];
        _file.Add("a.qweight", "I32", [Inputs, Outputs / 8], Pack(q)).Add("a.qzeros", "I32", [Inputs / Group, Outputs / 8], Pack(z))
            .Halves("a.scales", [Inputs / Group, Outputs], s);
        AssertWeight("a.weight", type, Weights(Outputs, Inputs, (row, column) =>
            s[(column / Group * Outputs) + row] * (q[(column * Outputs) + row] - z[(column / Group * Outputs) + row])));
    }

    [Theory]
    [InlineData(4, 8, 9, 1, GgmlType.Q4_0)]
    [InlineData(4, 1, 17, 1, GgmlType.Q5_0)]
    [InlineData(4, 0, 16, 0, GgmlType.Q5_0)]
    [InlineData(3, 4, 5, 1, GgmlType.Q4_0)]
    [InlineData(2, 1, 3, 1, GgmlType.Q4_0)]
    [InlineData(8, 128, 129, 1, GgmlType.Q8_0)]
    public void Gptq_is_exact(int bits, int leastZero, int mostZero, int offset, GgmlType type)
    {
        (int[] q, int[] z, float[] s) = AddGptq(bits, leastZero, mostZero, offset, order: null);
        _file.Config($$"""{"quant_method":"gptq","bits":{{bits}},"checkpoint_format":"{{(offset == 1 ? "gptq" : "gptq_v2")}}"}""");
        AssertWeight("a.weight", type, Weights(32, 64, (row, column) =>
            s[(column / 32 * 32) + row] * (q[(column * 32) + row] - z[(column / 32 * 32) + row])));
    }

    [Fact]
    public void Gptq_with_reordered_inputs_is_rounded_to_halves()
    {
        int[] order = [.. Enumerable.Range(0, 64).Select(i => i * 7 % 64 / 32)];
        (int[] q, int[] z, float[] s) = AddGptq(4, 1, 17, 1, order);
        AssertWeight("a.weight", GgmlType.F16, Weights(32, 64, (row, column) =>
            (float)(Half)(s[(order[column] * 32) + row] * (q[(column * 32) + row] - z[(order[column] * 32) + row]))));
    }

    [Theory]
    [InlineData(false, GgmlType.Q4_0)]
    [InlineData(true, GgmlType.Q5_0)]
    public void Compressed_tensors_of_four_bits_are_exact(bool hasZeros, GgmlType type)
    {
        int[] q = Random(16 * 64, -8, 8), z = hasZeros ? Random(16 * 2, -8, 8) : new int[16 * 2];
        float[] s = Halves(16 * 2);
        _file.Add("a.weight_packed", "I32", [16, 8], [.. Enumerable.Range(0, 128).Select(word =>
            Enumerable.Range(0, 8).Aggregate(0, (bits, i) => bits | ((q[(word * 8) + i] + 8) << (4 * i))))])
            .Add("a.weight_shape", "I64", [2], 16L, 64L).Halves("a.weight_scale", [16, 2], s);
        if (hasZeros)
        {
            // Packed along the outputs: word [r / 8][group].
            _file.Add("a.weight_zero_point", "I32", [2, 2], [.. Enumerable.Range(0, 4).Select(word =>
                Enumerable.Range(0, 8).Aggregate(0, (bits, i) => bits | ((z[(((word / 2 * 8) + i) * 2) + (word % 2)] + 8) << (4 * i))))]);
        }

        AssertWeight("a.weight", type, Weights(16, 64, (row, column) =>
            s[(row * 2) + (column / 32)] * (q[(row * 64) + column] - z[(row * 2) + (column / 32)])));
    }

    [Fact]
    public void Bytes_with_a_scale_per_row_are_exact()
    {
        sbyte[] q = [.. Random(8 * 32, -128, 128).Select(value => (sbyte)value)];
        float[] s = Halves(8);
        _file.Add("a.weight", "I8", [8, 32], q).Halves("a.weight_scale", [8, 1], s)
            .Add("b.weight", "I8", [8, 32], q).Add("b.SCB", "F32", [8], [.. s.Select(scale => scale * 127)]);
        AssertWeight("a.weight", GgmlType.Q8_0, Weights(8, 32, (row, column) => s[row] * q[(row * 32) + column]));
        AssertWeight("b.weight", GgmlType.Q8_0, Weights(8, 32, (row, column) => s[row] * q[(row * 32) + column]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Four_bit_floats_of_bitsandbytes_are_looked_up_and_scaled(bool nested)
    {
        float[] levels = [.. Enumerable.Range(0, 16).Select(i => (i - 7) / 8f)],
            nestedLevels = [.. Enumerable.Range(0, 256).Select(i => i / 256f)];
        int[] codes = Random(4 * 64, 0, 16);
        byte[] codesOfScales = [3, 200, 77, 10];
        float[] scales = nested ? [.. codesOfScales.Select((code, i) => (nestedLevels[code] * (i < 2 ? 2f : 4f)) + 0.5f)] : [0.5f, 1, 2, 4];
        string state = """{"quant_type":"nf4","blocksize":64,"dtype":"float32","shape":[4,64],"nested_blocksize":2,"nested_offset":0.5}""";
        _file.Add("a.weight", "U8", [128, 1], [.. Enumerable.Range(0, 128).Select(i => (byte)((codes[2 * i] << 4) | codes[(2 * i) + 1]))])
            .Add("a.weight.quant_map", "F32", [16], levels)
            .Add("a.weight.quant_state.bitsandbytes__nf4", "U8", [state.Length], Encoding.UTF8.GetBytes(state));
        _ = nested
            ? _file.Add("a.weight.absmax", "U8", [4], codesOfScales).Add("a.weight.nested_quant_map", "F32", [256], nestedLevels)
                .Add("a.weight.nested_absmax", "F32", [2], 2f, 4f)
            : _file.Add("a.weight.absmax", "F32", [4], scales);
        AssertWeight("a.weight", GgmlType.F32, [.. codes.Select((code, i) => levels[code] * scales[i / 64])]);
        Assert.Equal(["a.weight"], _file.Names);
    }

    [Fact]
    public void Scales_that_are_no_halves_cost_a_rounding_and_tiny_ones_another_format()
    {
        sbyte[] q = [.. Random(32, -127, 128).Select(value => (sbyte)value)];
        _file.Add("a.weight", "I8", [1, 32], q).Add("a.weight_scale", "F32", [1], 1f / 3)
            .Add("b.weight", "I8", [1, 32], q).Add("b.weight_scale", "F32", [1], 1e-6f);
        float[] expected = [.. q.Select(value => value / 3f)];
        float[] actual = _file.Open("a.weight").DecodeAll();
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, MathF.Abs(pair.First) / 2048));
        Assert.Equal(GgmlType.BF16, _file.Open("b.weight").Type);
    }

    [Fact]
    public void A_weight_that_was_released_is_put_together_again()
    {
        _file.Add("a.weight", "F8_E4M3", [2, 2], (byte[])[0x38, 0x40, 0x38, 0x40]);
        ModelTensor tensor = AssertWeight("a.weight", GgmlType.F16, [1, 2, 1, 2]);
        tensor.ReleaseRows(0, 1);
        tensor.ReleaseRows(1, 1);
        Assert.Equal([1, 2, 1, 2], tensor.DecodeAll());
    }

    [Fact]
    public void What_does_not_fit_together_is_refused_with_the_tensor_and_what_is_allowed()
    {
        AssertRefused("needs 'a.scales' beside it", file => file.Add("a.qweight", "I32", [4, 8], new int[32]));
        AssertRefused("has the shape [5, 1]; allowed is one scale, one per row (4), or one per block of 128 x 128 ([1, 1])", file =>
            file.Add("a.weight", "F8_E4M3", [4, 2], new byte[8]).Add("a.weight_scale", "F32", [5, 1], new float[5]));
        AssertRefused("has element type 'I32'; allowed is element type F32 or BF16", file =>
            file.Add("a.weight", "F8_E4M3", [4, 2], new byte[8]).Add("a.weight_scale", "I32", [1], 1));
        AssertRefused("integers without 'weight_scale' or 'SCB'", file => file.Add("a.weight", "I8", [4, 2], new byte[8]));
        AssertRefused("quantisation state", file => file.Add("a.weight", "U8", [8, 1], new byte[8]));
        AssertRefused("allowed is [..., rows, blocks of a row, 16]", file =>
            file.Add("a_blocks", "U8", [2, 8], new byte[16]).Add("a_scales", "U8", [1], new byte[1]));
        AssertRefused("[8, 8] for 64 inputs of 4 bits and 8 outputs", file =>
            file.Add("a.qweight", "I32", [4, 8], new int[32]).Halves("a.scales", [1, 8], new float[8])
                .Add("a.g_idx", "I32", [64], new int[64]));
        AssertRefused("names a group beyond 0", file =>
            file.Add("a.qweight", "I32", [4, 8], new int[32]).Halves("a.scales", [1, 8], new float[8])
                .Add("a.g_idx", "I32", [32], [.. Enumerable.Repeat(1, 32)]));
        AssertRefused("gives the extent 0", file => file.Add("a.weight_packed", "I32", [1, 1], 1).Add("a.weight_shape", "I64", [2], 0L,
            8L));
    }

    private static void AssertRefused(string reason, Func<RawSafetensors, RawSafetensors> add)
    {
        using RawSafetensors file = new();
        string message = Assert.Throws<InferometerException>(() => add(file).Open("a.weight")).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains("model.safetensors: tensor 'a", message, StringComparison.Ordinal);
    }

    /// <summary>32 outputs, 64 inputs, groups of 32: integers in a stream of bits down each output, zero points along the
    /// outputs.</summary>
    private (int[] Q, int[] Zeros, float[] Scales) AddGptq(int bits, int leastZero, int mostZero, int offset, int[]? order)
    {
        int[] q = Random(64 * 32, 0, 1 << bits), z = Random(2 * 32, leastZero, mostZero);
        float[] s = Halves(2 * 32);
        int[] words = new int[64 * bits / 32 * 32], zeroWords = new int[2 * bits];
        for (int column = 0; column < 64; column++)
        {
            for (int row = 0; row < 32; row++)
            {
                SetBits(words, column, q[(column * 32) + row], bits, row, 32);
                if (column % 32 == 0)
                {
                    SetBits(zeroWords, row, z[(column / 32 * 32) + row] - offset, bits, column / 32 * bits, 1);
                }
            }
        }

        _file.Add("a.qweight", "I32", [64 * bits / 32, 32], words).Add("a.qzeros", "I32", [2, bits], zeroWords).Halves("a.scales", [2, 32],
            s)
            .Add("a.g_idx", "I32", [64], order ?? [.. Enumerable.Range(0, 64).Select(i => i / 32)]);
        return (q, z, s);
    }

    private static void SetBits(int[] words, int index, int value, int bits, int first, int stride)
    {
        for (int i = 0; i < bits; i++)
        {
            int bit = (index * bits) + i;
            words[first + (bit / 32 * stride)] |= ((value >> i) & 1) << (bit % 32);
        }
    }

    private ModelTensor AssertWeight(string name, GgmlType type, float[] expected)
    {
        ModelTensor tensor = _file.Open(name);
        Assert.Equal(type, tensor.Type);
        Assert.Equal(expected, tensor.DecodeAll());
        return tensor;
    }

    private int[] Random(int count, int least, int end) => [.. Enumerable.Range(0, count).Select(_ => _random.Next(least, end))];

    private float[] Halves(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(Half)(0.001f + (_random.NextSingle() * 0.1f)))];

    private static float[] Weights(int rows, int columns, Func<int, int, float> value) =>
        [.. Enumerable.Range(0, rows * columns).Select(i => value(i / columns, i % columns))];
}
