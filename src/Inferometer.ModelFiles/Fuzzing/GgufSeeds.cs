using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Quantization;
using Inferometer.ModelFiles.Synthesis;

namespace Inferometer.ModelFiles.Fuzzing;

/// <summary>Sound GGUF files and blocks, and what is read of damaged ones.</summary>
internal static class GgufSeeds
{
    private const int MostBlocks = 16;

    /// <summary>Two small models.</summary>
    public static IReadOnlyList<byte[]> Models => [Model(GgmlType.F16), Model(GgmlType.Q8_0)];

    /// <summary>A file with a tensor of every format and no model.</summary>
    public static IReadOnlyList<byte[]> Tensors => [EveryFormat()];

    /// <summary>Two blocks of every format, behind a byte that says which.</summary>
    public static IReadOnlyList<byte[]> Blocks =>
        [.. BlockCodec.SupportedTypes.Select((type, i) => (byte[])[(byte)i, .. SoundBlock(type), .. SoundBlock(type)])];

    /// <summary>Decodes blocks and looks for values that are not finite.</summary>
    public static void ReadBlocks(byte[] input)
    {
        if (input.Length == 0)
        {
            throw new InferometerException("no format");
        }

        GgmlType type = BlockCodec.SupportedTypes[input[0] % BlockCodec.SupportedTypes.Count];
        ReadBlocks(type, input.AsSpan(1));
    }

    /// <summary>The first blocks of each tensor that lies within the input.</summary>
    public static void DecodeFirstBlocks(GgufHeader header, byte[] input)
    {
        foreach (GgufTensorInfo tensor in header.Tensors)
        {
            long start = header.Parts[tensor.Part].DataOffset + tensor.Offset;
            if (BlockCodec.IsSupported(tensor.Type) && start >= 0 && start < input.Length)
            {
                int most = (int)Math.Min(input.Length - start, tensor.ByteCount);
                ReadBlocks(tensor.Type, input.AsSpan((int)start, most));
            }
        }
    }

    private static void ReadBlocks(GgmlType type, ReadOnlySpan<byte> bytes)
    {
        int blocks = Math.Min(MostBlocks, bytes.Length / type.BlockBytes());
        ReadOnlySpan<byte> whole = bytes[..(blocks * type.BlockBytes())];
        float[] values = new float[blocks * type.BlockSize()];
        BlockCodec.Decode(type, whole, values);
        int found = WeightValidation.FirstNonFinite(type, whole);
        if (found < 0 && Array.Exists(values, value => !float.IsFinite(value)))
        {
            throw new InvalidOperationException($"{type}: a value is not finite, and the look through the blocks did not find it");
        }
    }

    private static byte[] EveryFormat()
    {
        MemoryStream stream = new();
        GgufWriter writer = new(stream);
        writer.Set("general.architecture", "llama");
        foreach (GgmlType type in BlockCodec.SupportedTypes)
        {
            writer.DeclareTensor($"t.{type}", [1, type.BlockSize()], type);
        }

        writer.BeginData();
        foreach (GgmlType type in BlockCodec.SupportedTypes)
        {
            writer.Write(SoundBlock(type));
        }

        writer.Finish();
        return stream.ToArray();
    }

    /// <summary>A block whose scales, wherever they lie, are numbers about one.</summary>
    private static byte[] SoundBlock(GgmlType type)
    {
        byte[] block = new byte[type.BlockBytes()];
        Array.Fill(block, (byte)0x3C);
        return block;
    }

    private static byte[] Model(GgmlType type)
    {
        SyntheticShape shape = new()
        {
            HiddenSize = 32,
            Layers = 1,
            Heads = 2,
            KvHeads = 1,
            FeedForwardSize = 32,
            VocabularySize = 260,
            ContextTokens = 32,
        };
        MemoryStream stream = new();
        SyntheticModel.Write(stream, shape, type, 1, null, CancellationToken.None);
        return stream.ToArray();
    }
}
