using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling.Tests.Blocks;

public sealed class PrefixIndexTests
{
    // Few different low halves and a small table: hashes meet, run over its end and move back.
    [Theory]
    [InlineData(1, 7)]
    [InlineData(16, 3)]
    [InlineData(100, 40)]
    public void It_finds_what_a_dictionary_finds(int blocks, int beginnings)
    {
        Random random = new(blocks);
        UInt128[] hashes = new UInt128[blocks];
        PrefixIndex index = new(hashes);
        Dictionary<UInt128, int> expected = [];
        HashSet<int> used = [];
        for (int i = 0; i < 20_000; i++)
        {
            UInt128 hash = new((ulong)random.Next(3), ulong.MaxValue - (ulong)random.Next(beginnings));
            int block = random.Next(blocks);
            if (used.Contains(block))
            {
                expected.Remove(hashes[block]);
                index.Remove(block);
                used.Remove(block);
            }
            else if (expected.TryAdd(hash, block))
            {
                Assert.True(index.TryAdd(hash, block));
                used.Add(block);
            }
            else
            {
                Assert.False(index.TryAdd(hash, block));
            }

            UInt128 asked = new((ulong)random.Next(3), ulong.MaxValue - (ulong)random.Next(beginnings));
            Assert.Equal(expected.GetValueOrDefault(asked, -1), index.Find(asked));
        }

        index.Clear();
        Assert.All(expected.Keys, hash => Assert.Equal(-1, index.Find(hash)));
    }
}
