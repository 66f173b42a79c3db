using FsCheck;
using FsCheck.Fluent;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling.Tests.Blocks;

public sealed class BlockPoolTests
{
    private const int Size = 4;

    private static BlockPool Pool(int blocks, bool caching = true) =>
        new(new BlockPoolOptions { BlockCount = blocks, BlockSize = Size, PrefixCaching = caching });

    private static UInt128 PublishOne(BlockPool pool, int block, int value)
    {
        int[] tokens = [value, value, value, value];
        UInt128 root = BlockHash.Root(0, pool.HashSeed);
        UInt128 hash = BlockHash.Next(root, tokens);
        pool.Publish(block, root, hash, tokens);
        return hash;
    }

    private static int FindOne(BlockPool pool, int value)
    {
        int[] tokens = [value, value, value, value];
        UInt128 root = BlockHash.Root(0, pool.HashSeed);
        return pool.Find(root, BlockHash.Next(root, tokens), tokens);
    }

    [Fact]
    public void Free_cached_and_used_blocks_always_add_up_and_counts_match_the_references_given()
    {
        Gen<(int Kind, int Pick)[]> operations = Gen.ArrayOf(Gen.Choose(0, 4).Zip(Gen.Choose(0, 1000), (kind, pick) => (kind, pick)));
        Prop.ForAll(operations.ToArbitrary(), Replay).QuickCheckThrowOnFailure();
    }

    private static bool Replay((int Kind, int Pick)[] operations)
    {
        BlockPool pool = Pool(8);
        List<int> held = []; // one entry per reference
        foreach ((int kind, int pick) in operations)
        {
            switch (kind)
            {
                case 0 or 1 when pool.TryAllocate() is >= 0 and int block:
                    if (held.Contains(block))
                    {
                        return false;
                    }

                    held.Add(block);
                    break;
                case 2 when held.Count > 0:
                    held.Add(held[pick % held.Count]);
                    pool.AddReference(held[^1]);
                    break;
                case 3 when held.Count > 0:
                    pool.Release(held[pick % held.Count]);
                    held.RemoveAt(pick % held.Count);
                    break;
                case 4 when held.Count > 0:
                    PublishOne(pool, held[pick % held.Count], pick % 12);
                    break;
            }

            bool conserved = pool.FreeBlocks + pool.CachedBlocks + pool.UsedBlocks == pool.BlockCount;
            bool counted = Enumerable.Range(0, 8).All(b => pool.ReferenceCount(b) == held.Count(h => h == b));
            if (!conserved || !counted || pool.UsedBlocks != held.Distinct().Count())
            {
                return false;
            }
        }

        return true;
    }

    [Fact]
    public void The_least_recently_used_cached_block_is_evicted_first()
    {
        BlockPool pool = Pool(3);
        for (int i = 0; i < 3; i++)
        {
            PublishOne(pool, pool.TryAllocate(), i);
        }

        int first = FindOne(pool, 0);
        int second = FindOne(pool, 1);
        int third = FindOne(pool, 2);
        pool.Release(second);
        pool.Release(first);
        pool.Release(third);
        pool.AddReference(second); // used again, so no longer the oldest
        pool.Release(second);
        Assert.Equal(first, pool.TryAllocate());
        Assert.Equal(third, pool.TryAllocate());
        Assert.Equal(second, pool.TryAllocate());
        Assert.Equal(-1, pool.TryAllocate());
        Assert.Equal(3, pool.Statistics.Evictions);
        Assert.Equal(-1, FindOne(pool, 0));
    }

    [Fact]
    public void A_hit_needs_equal_tokens_and_an_equal_parent_even_when_the_hash_agrees()
    {
        BlockPool pool = Pool(2);
        UInt128 hash = PublishOne(pool, pool.TryAllocate(), 7);
        UInt128 root = BlockHash.Root(0, pool.HashSeed);
        Assert.True(pool.Find(root, hash, [7, 7, 7, 7]) >= 0);
        Assert.Equal(-1, pool.Find(root, hash, [7, 7, 7, 8]));
        Assert.Equal(-1, pool.Find(root + 1, hash, [7, 7, 7, 7]));
    }

    [Fact]
    public void Different_salts_seeds_orders_and_positions_give_different_chains()
    {
        UInt128 root = BlockHash.Root(0, 0);
        HashSet<UInt128> seen = [root, BlockHash.Root(1, 0), BlockHash.Root(0, 1)];
        Assert.True(seen.Add(BlockHash.Next(root, [1, 2])));
        Assert.True(seen.Add(BlockHash.Next(root, [2, 1])));
        Assert.True(seen.Add(BlockHash.Next(root, [0, 1, 2])));
        Assert.True(seen.Add(BlockHash.Next(BlockHash.Next(root, [1]), [2])));
        for (int i = 3; i < 20_000; i++)
        {
            Assert.True(seen.Add(BlockHash.Next(root, [i])), $"token {i} collides");
        }
    }

    [Fact]
    public void A_second_block_with_the_same_prefix_returns_to_the_free_list()
    {
        BlockPool pool = Pool(2);
        int first = pool.TryAllocate();
        int second = pool.TryAllocate();
        PublishOne(pool, first, 1);
        PublishOne(pool, second, 1);
        pool.Release(first);
        pool.Release(second);
        Assert.Equal(1, pool.CachedBlocks);
        Assert.Equal(1, pool.FreeBlocks);
    }

    [Fact]
    public void Forgetting_prefixes_frees_cached_blocks_and_keeps_used_ones()
    {
        BlockPool pool = Pool(2);
        int cached = pool.TryAllocate();
        int used = pool.TryAllocate();
        PublishOne(pool, cached, 1);
        PublishOne(pool, used, 2);
        pool.Release(cached);
        pool.ForgetPrefixes();
        Assert.Equal((1, 0, 1), (pool.FreeBlocks, pool.CachedBlocks, pool.UsedBlocks));
        Assert.Equal(-1, FindOne(pool, 2));
        pool.Release(used);
        Assert.Equal(2, pool.FreeBlocks);
    }

    [Fact]
    public void Releasing_or_sharing_a_free_block_is_refused()
    {
        BlockPool pool = Pool(1);
        Assert.Throws<InvalidOperationException>(() => pool.Release(0));
        Assert.Throws<InvalidOperationException>(() => pool.AddReference(0));
    }
}
