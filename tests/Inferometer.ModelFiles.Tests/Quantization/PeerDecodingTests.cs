using System.Runtime.InteropServices;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Tests.Quantization;

/// <summary>
/// Every format against llama.cpp's own decoding, to the bit. 512 blocks of seeded bytes were decoded by
/// <c>ggml_get_type_traits(type)->to_float</c>
/// of libggml-base (npm package @node-llama-cpp/linux-x64 3.22.1, ggml 0.25.1); kept is the FNV-1a hash of the floats' bits.
/// </summary>
public sealed class PeerDecodingTests
{
    private const int Blocks = 512;

    public static TheoryData<GgmlType, ulong> Hashes => new()
    {
        { GgmlType.Q4_0, 0xE1CBF48639139325 },
        { GgmlType.Q4_1, 0xC9F89A1A30F26ECA },
        { GgmlType.Q5_0, 0xE66ED0B2B7028D25 },
        { GgmlType.Q5_1, 0xFD0883C201FA8E3E },
        { GgmlType.Q8_0, 0x61542F927AA2C2A5 },
        { GgmlType.Q2_K, 0xE2C6C912B2E950F7 },
        { GgmlType.Q3_K, 0x90CBC5DADC79B9E5 },
        { GgmlType.Q4_K, 0x16403B61CCF17DE3 },
        { GgmlType.Q5_K, 0x3770C6AC3BBB1E1B },
        { GgmlType.Q6_K, 0x092F065839B7F281 },
        { GgmlType.IQ2_XXS, 0xDAED89D760952DE1 },
        { GgmlType.IQ2_XS, 0xA6F4B1BFF64A154D },
        { GgmlType.IQ3_XXS, 0xB7BEB17ADCF2476D },
        { GgmlType.IQ1_S, 0xE58D78DC2BFA8DA5 },
        { GgmlType.IQ4_NL, 0xF9B1F00466FCADA5 },
        { GgmlType.IQ3_S, 0xD2D5149D0DAB2F85 },
        { GgmlType.IQ2_S, 0x46791918F9CF3055 },
        { GgmlType.IQ4_XS, 0xD22C001CEC870E5F },
        { GgmlType.IQ1_M, 0xCCF0038094027345 },
        { GgmlType.TQ1_0, 0x7B07D1D5D2FF4325 },
        { GgmlType.TQ2_0, 0x5660F9D302D12325 },
        { GgmlType.MXFP4, 0x21C9F51885472325 },
        { GgmlType.NVFP4, 0x8DC93CDC95702325 },
        { GgmlType.Q1_0, 0x387C101CBB132325 },
        { GgmlType.Q2_0, 0xBA3D374D2C260325 },
    };

    [Theory]
    [MemberData(nameof(Hashes))]
    public void Blocks_decode_to_the_bits_that_the_peer_gives(GgmlType type, ulong expected)
    {
        byte[] stored = SeededBlocks(type);
        float[] values = new float[Blocks * type.BlockSize()];
        BlockCodec.Decode(type, stored, values);
        Assert.Equal(expected, Hash(values));
    }

    [Fact]
    public void Every_block_format_that_is_read_is_compared()
    {
        Assert.Equal(
            BlockCodec.SupportedTypes.Where(type => type.IsQuantized()).Order(),
            Hashes.Select(row => row.Data.Item1).Order());
    }

    private static byte[] SeededBlocks(GgmlType type)
    {
        byte[] bytes = new byte[Blocks * type.BlockBytes()];
        uint state = (uint)type;
        for (int i = 0; i < bytes.Length; i++)
        {
            state = (state * 1664525) + 1013904223;
            bytes[i] = (byte)(state >> 24);
        }

        // Scales below 2, so that all values are finite.
        foreach (int at in ScalePositions(type))
        {
            for (int block = 0; block < Blocks; block++)
            {
                bytes[(block * type.BlockBytes()) + at + 1] &= 0xBF;
            }
        }

        return bytes;
    }

    private static int[] ScalePositions(GgmlType type) => type switch
    {
        GgmlType.Q4_1 or GgmlType.Q5_1 or GgmlType.Q4_K or GgmlType.Q5_K => [0, 2],
        GgmlType.Q2_K => [80, 82],
        GgmlType.Q3_K => [108],
        GgmlType.Q6_K => [208],
        GgmlType.IQ1_M => [54],
        GgmlType.TQ1_0 => [52],
        GgmlType.TQ2_0 => [64],
        GgmlType.MXFP4 or GgmlType.NVFP4 => [],
        _ => [0],
    };

    private static ulong Hash(float[] values)
    {
        ulong hash = 14695981039346656037;
        foreach (uint bits in MemoryMarshal.Cast<float, uint>(values))
        {
            hash = unchecked((hash ^ bits) * 1099511628211);
        }

        return hash;
    }
}
