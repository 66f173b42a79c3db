using Inferometer.Core.Caching;

namespace Inferometer.Core.Tests.Caching;

public sealed class KvCodecFormulasTests
{
    // A butterfly of width n takes n additions per level and n multiplications for the scale: 64 x 6 + 64. 80 = 5 blocks of 16, 96 = 3 of
    // 32.
    [Theory]
    [InlineData(64, 448)]
    [InlineData(80, 400)]
    [InlineData(96, 576)]
    [InlineData(128, 1024)]
    [InlineData(256, 2304)]
    public void A_transform_is_additions_of_its_butterflies_and_one_scaling(int width, double expected) =>
        Assert.Equal(expected, KvCodecFormulas.TransformFlops(width));

    // 64: two blocks of 32 and two scales of 2 bytes. 80: blocks of 32, 32 and 16, three scales. 40 is stored as 48 numbers.
    [Theory]
    [InlineData(64, 8, 68)]
    [InlineData(64, 4, 36)]
    [InlineData(80, 8, 86)]
    [InlineData(80, 4, 46)]
    [InlineData(96, 4, 54)]
    [InlineData(128, 8, 136)]
    [InlineData(256, 4, 144)]
    [InlineData(40, 8, 52)]
    [InlineData(40, 16, 96)]
    public void Bytes_are_those_of_numbers_and_scales(int width, int bits, double expected) =>
        Assert.Equal(expected, KvCodecFormulas.Rotated(width, bits).Bytes);

    [Fact]
    public void Eight_bits_are_written_with_three_operations_a_number_and_four_with_ten_tries_of_seven_more()
    {
        Assert.Equal(
            new KvCodecCost(68, WriteFlops: 448 + (3 * 64), ReadFlops: 2 * 64, QueryFlops: 448, PairFlops: 0),
            KvCodecFormulas.Rotated(64, 8));
        Assert.Equal(448 + (73 * 64), KvCodecFormulas.Rotated(64, 4).WriteFlops);
        Assert.Equal(2 * (48 - 40), KvCodecFormulas.Rotated(40, 8).PairFlops);
    }

    [Fact]
    public void Latent_keys_are_rebuilt_at_every_read_and_latent_values_once_per_query()
    {
        // Rank 48 of 64, 32 numbers of 4 bits and 16 of f16: 16 + 2 + 32 bytes. Encoder: 64 subtractions, 48 x 64 products and sums.
        KvCodecCost keys = KvCodecFormulas.LatentKeys(64, 32, 1, (32, 4), (16, 16));
        KvCodecCost values = KvCodecFormulas.LatentValues(64, 1, (32, 4), (16, 16));
        double encode = 64 + (2 * 48 * 64) + (73 * 32);
        Assert.Equal(new KvCodecCost(50, encode + (6 * 32), (2 * 32) + (2 * 48 * 64) + (6 * 32), 0, 0), keys);
        Assert.Equal(new KvCodecCost(50, encode, 2 * 32, 64 * 98, 2 * (49 - 64)), values);
    }

    [Fact]
    public void Heads_that_share_latents_store_them_once_and_read_them_each()
    {
        // Two heads of 64 share 96 latents of 8 bits: 96 + 3 x 2 bytes, written once.
        KvCodecCost keys = KvCodecFormulas.LatentKeys(64, 32, 2, (32, 8), (32, 8), (32, 8));
        KvCodecCost values = KvCodecFormulas.LatentValues(64, 2, (32, 8), (32, 8), (32, 8));
        double encode = 128 + (2 * 96 * 128) + (3 * 96);
        Assert.Equal(new KvCodecCost(102, encode + (2 * 6 * 32), 2 * ((2 * 96) + (2 * 96 * 64) + (6 * 32)), 0, 0), keys);
        Assert.Equal(new KvCodecCost(102, encode, 2 * 2 * 96, 2 * 64 * 194, 2 * 2 * (97 - 64)), values);
    }

    [Fact]
    public void Costs_add_up_and_scale()
    {
        KvCodecCost one = new(1, 2, 3, 4, -5);
        Assert.Equal(new KvCodecCost(3, 6, 9, 12, -15), one + (2 * one));
        Assert.Equal(new KvCodecCost(1, 2, 3, 16, -20), one.SharedBy(4));
    }
}
