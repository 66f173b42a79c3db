using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Tests.Formats;

public sealed class WeightValidationTests
{
    [Theory]
    [InlineData(GgmlType.F32)]
    [InlineData(GgmlType.BF16)]
    [InlineData(GgmlType.F16)]
    public void The_first_bad_value_is_found_wherever_it_is(GgmlType type)
    {
        for (int length = 1; length < 70; length++)
        {
            for (int bad = 0; bad < length; bad++)
            {
                float[] values = new float[length];
                values[bad] = bad % 3 == 0 ? float.NaN : bad % 3 == 1 ? float.PositiveInfinity : float.NegativeInfinity;
                byte[] bytes = new byte[type.ByteCount(length)];
                BlockCodec.Encode(type, values, bytes);
                Assert.Equal(bad, WeightValidation.FirstNonFinite(type, bytes));
            }
        }
    }

    [Theory]
    [InlineData(GgmlType.Q8_0, 0)]
    [InlineData(GgmlType.Q4_0, 0)]
    [InlineData(GgmlType.Q5_1, 2)]
    [InlineData(GgmlType.Q4_K, 2)]
    [InlineData(GgmlType.Q5_K, 0)]
    [InlineData(GgmlType.Q6_K, 208)]
    [InlineData(GgmlType.Q2_K, 82)]
    [InlineData(GgmlType.Q3_K, 108)]
    [InlineData(GgmlType.IQ2_XS, 0)]
    [InlineData(GgmlType.IQ4_XS, 0)]
    [InlineData(GgmlType.TQ1_0, 52)]
    [InlineData(GgmlType.TQ2_0, 64)]
    public void A_bad_scale_is_found_and_other_bytes_are_not_taken_for_one(GgmlType type, int scaleAt)
    {
        byte[] bytes = new byte[3 * type.BlockBytes()];
        Array.Fill(bytes, (byte)0x3C); // every f16 read from these is 1.06
        Assert.Equal(-1, WeightValidation.FirstNonFinite(type, bytes));
        BitConverter.TryWriteBytes(bytes.AsSpan((2 * type.BlockBytes()) + scaleAt), Half.NaN);
        Assert.Equal(2 * type.BlockSize(), WeightValidation.FirstNonFinite(type, bytes));
    }

    [Theory]
    [InlineData(GgmlType.MXFP4, 0, 253)] // 1.5 * 2^128
    [InlineData(GgmlType.IQ1_M, 55, 0x7C)] // the top of an f16 that lies in four places
    public void A_bad_scale_that_is_no_plain_f16_is_found(GgmlType type, int at, byte bad)
    {
        byte[] bytes = new byte[3 * type.BlockBytes()];
        Array.Fill(bytes, (byte)0xC4);
        Assert.Equal(-1, WeightValidation.FirstNonFinite(type, bytes));
        bytes[type.BlockBytes() + at] = bad;
        Assert.Equal(type.BlockSize(), WeightValidation.FirstNonFinite(type, bytes));
    }
}
