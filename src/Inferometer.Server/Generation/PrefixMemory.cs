using System.Numerics;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Server.Generation;

/// <summary>
/// Which beginnings of prompts an engine was given lately, block by block, so that a prompt that begins alike can go where it is in the
/// cache. A block may lie in any of eight places, of which the one given last stays longest: with one place each, a long prompt would
/// push out blocks of its own. What it says may be out of date, and costs a guess then. Not thread-safe.
/// </summary>
/// <param name="blocks">Blocks of the engine's cache.</param>
internal sealed class PrefixMemory(int blocks)
{
    /// <summary>Tokens of a block here; whatever the engine's blocks hold, prompts begin alike or do not.</summary>
    public const int BlockTokens = 16;

    private const int MostPlaces = 1 << 16;

    private const int Ways = 8;

    private readonly UInt128[] _places = new UInt128[BitOperations.RoundUpToPowerOf2((uint)Math.Min(Ways * (long)blocks, MostPlaces))];

    /// <summary>The hashes of a prompt's whole blocks, each over all that is before it.</summary>
    /// <param name="prompt">Tokens.</param>
    /// <param name="seed">Seed of the process, so that nobody can make prompts that fall together.</param>
    public static UInt128[] Hashes(ReadOnlySpan<int> prompt, ulong seed)
    {
        var hashes = new UInt128[prompt.Length / BlockTokens];
        UInt128 hash = BlockHash.Root(0, seed);
        for (int i = 0; i < hashes.Length; i++)
        {
            hashes[i] = hash = BlockHash.Next(hash, prompt.Slice(i * BlockTokens, BlockTokens));
        }

        return hashes;
    }

    /// <summary>Tokens at the beginning of a prompt that the engine was given before.</summary>
    public int KnownTokens(ReadOnlySpan<UInt128> hashes)
    {
        int known = 0;
        while (known < hashes.Length && PlacesOf(hashes[known]).Contains(hashes[known]))
        {
            known++;
        }

        return known * BlockTokens;
    }

    /// <summary>The engine is given a prompt.</summary>
    public void Add(ReadOnlySpan<UInt128> hashes)
    {
        foreach (UInt128 hash in hashes)
        {
            Span<UInt128> places = PlacesOf(hash);
            int last = places.IndexOf(hash) is >= 0 and var found ? found : Ways - 1;
            places[..last].CopyTo(places[1..]);
            places[0] = hash;
        }
    }

    private Span<UInt128> PlacesOf(UInt128 hash) => _places.AsSpan(Ways * (int)((ulong)hash & (uint)((_places.Length / Ways) - 1)), Ways);
}
