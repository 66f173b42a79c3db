using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Tests.Quantization;

public sealed class BlockLayoutTests
{
    public static TheoryData<GgmlType> BlockTypes =>
    [
        GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_1, GgmlType.Q5_0, GgmlType.Q5_1, GgmlType.Q4_K, GgmlType.Q5_K, GgmlType.Q6_K,
    ];

    [Theory]
    [MemberData(nameof(BlockTypes))]
    public void Random_blocks_decode_as_the_layout_says(GgmlType type)
    {
        Random random = new(7);
        byte[] block = new byte[type.BlockBytes()];
        float[] decoded = new float[type.BlockSize()];
        for (int round = 0; round < 300; round++)
        {
            random.NextBytes(block);
            foreach (int at in ScalePositions(type))
            {
                BitConverter.TryWriteBytes(block.AsSpan(at), (Half)(random.NextSingle() - 0.5f));
            }

            BlockCodec.Decode(type, block, decoded);
            Assert.Equal(ReferenceBlocks.Decode(type, block), decoded);
        }
    }

    [Fact]
    public void A_hand_made_q4_0_block_decodes()
    {
        byte[] block = new byte[18];
        BitConverter.TryWriteBytes(block, (Half)0.5f);
        block[2] = 0xF0; // value 0: 0 - 8 = -8; value 16: 15 - 8 = 7
        block[17] = 0x8A; // value 15: 10 - 8 = 2; value 31: 0
        float[] values = new float[32];
        BlockCodec.Decode(GgmlType.Q4_0, block, values);
        Assert.Equal((-4f, 3.5f, 1f, 0f), (values[0], values[16], values[15], values[31]));
    }

    [Fact]
    public void A_hand_made_q4_k_block_decodes()
    {
        byte[] block = new byte[144];
        BitConverter.TryWriteBytes(block, (Half)0.25f);
        BitConverter.TryWriteBytes(block.AsSpan(2), (Half)2f);
        block[4 + 1] = 0b11_000011; // scale 1 = 3; high bits of scale 5 = 3
        block[4 + 5] = 0b01_000010; // minimum 1 = 2; high bits of minimum 5 = 1
        block[4 + 9] = 0x61; // scale 5 = 1 + 48 = 49; minimum 5 = 6 + 16 = 22
        block[16 + 4] = 0xB0; // group 1, value 4: 11
        block[16 + 64 + 31] = 0x70; // group 5, value 31: 7
        float[] values = new float[256];
        BlockCodec.Decode(GgmlType.Q4_K, block, values);
        Assert.Equal((0.25f * 3 * 11) - (2f * 2), values[32 + 4]);
        Assert.Equal((0.25f * 49 * 7) - (2f * 22), values[(5 * 32) + 31]);
        Assert.Equal(0, values[0]);
    }

    [Fact]
    public void A_hand_made_q6_k_block_decodes()
    {
        byte[] block = new byte[210];
        BitConverter.TryWriteBytes(block.AsSpan(208), (Half)0.5f);
        block[192 + 8 + 7] = unchecked((byte)-3); // group 15
        block[64 + 32 + 31] = 0x90; // second half, k = 3, value 31: low bits 9
        block[128 + 32 + 31] = 0b01_00_00_00; // high bits 1: 16 + 9 - 32 = -7
        float[] values = new float[256];
        BlockCodec.Decode(GgmlType.Q6_K, block, values);
        Assert.Equal(0.5f * -3 * -7, values[255]);
    }

    [Theory]
    [InlineData(GgmlType.Q8_0)]
    [InlineData(GgmlType.Q4_0)]
    [InlineData(GgmlType.Q4_1)]
    [InlineData(GgmlType.Q5_0)]
    [InlineData(GgmlType.Q5_1)]
    public void Encoding_is_stable_once_values_are_representable_in_the_plain_formats(GgmlType type)
    {
        float[] once = BlockCodecTests.RoundTrip(type, BlockCodecTests.Noise(320, 5, 1));
        float[] twice = BlockCodecTests.RoundTrip(type, once);
        double drift = once.Zip(twice, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(drift <= 2e-3 * once.Max(Math.Abs), $"{type} drifts by {drift}");
    }

    private static int[] ScalePositions(GgmlType type) => type switch
    {
        GgmlType.Q8_0 or GgmlType.Q4_0 or GgmlType.Q5_0 => [0],
        GgmlType.Q6_K => [208],
        _ => [0, 2],
    };
}
