namespace Inferometer.Scheduling.Blocks;

/// <summary>
/// The block that is published under a hash. Open addressing with a step of one, at most half full, removal by moving back what follows:
/// hashes are mixed well already and lie with the blocks, so that a place holds a block's number and a few bits of its hash. Allocates
/// nothing after construction; not thread-safe.
/// </summary>
internal sealed class PrefixIndex
{
    private readonly UInt128[] _hashes; // of blocks, by number
    private readonly ulong[] _places; // 32 bits of the hash, and the block's number plus one; 0 = empty
    private readonly uint _mask;

    /// <param name="hashes">The hash of each block; whoever adds a block sets it before.</param>
    public PrefixIndex(UInt128[] hashes)
    {
        _hashes = hashes;
        int places = 2;
        while (places < 2L * hashes.Length)
        {
            places *= 2;
        }

        _places = new ulong[places];
        _mask = (uint)places - 1;
    }

    /// <summary>The block published under a hash, or -1.</summary>
    public int Find(UInt128 hash)
    {
        uint bits = (uint)(ulong)hash;
        for (uint at = bits & _mask; _places[at] is not 0 and var place; at = (at + 1) & _mask)
        {
            int block = (int)(uint)place - 1;
            if ((uint)(place >> 32) == bits && _hashes[block] == hash)
            {
                return block;
            }
        }

        return -1;
    }

    /// <summary>Publishes a block under its hash.</summary>
    /// <returns>False, with nothing changed, where another one is published under it.</returns>
    public bool TryAdd(UInt128 hash, int block)
    {
        uint bits = (uint)(ulong)hash;
        uint at = bits & _mask;
        for (; _places[at] is not 0 and var place; at = (at + 1) & _mask)
        {
            if ((uint)(place >> 32) == bits && _hashes[(uint)place - 1] == hash)
            {
                return false;
            }
        }

        _places[at] = ((ulong)bits << 32) | ((uint)block + 1);
        _hashes[block] = hash;
        return true;
    }

    /// <summary>Takes a block out that is in here.</summary>
    public void Remove(int block)
    {
        uint hole = (uint)(ulong)_hashes[block] & _mask;
        while ((uint)_places[hole] != (uint)block + 1)
        {
            hole = (hole + 1) & _mask;
        }

        for (uint at = (hole + 1) & _mask; _places[at] is not 0 and var place; at = (at + 1) & _mask)
        {
            uint home = (uint)(place >> 32) & _mask;
            if (((at - home) & _mask) >= ((at - hole) & _mask)) // it may lie where the hole is
            {
                _places[hole] = place;
                hole = at;
            }
        }

        _places[hole] = 0;
    }

    /// <summary>Takes all out.</summary>
    public void Clear() => Array.Clear(_places);
}
