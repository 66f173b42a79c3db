using Inferometer.Server.Generation;

namespace Inferometer.Server.Tests.Generation;

/// <summary>What is known of the beginnings of prompts, under any seed.</summary>
public sealed class PrefixMemoryTests
{
    private const int Blocks = 64;

    [Fact]
    public void A_prompt_as_long_as_half_the_cache_is_known_whole()
    {
        int[] prompt = Prompt(first: 300, Blocks / 2);
        for (ulong seed = 0; seed < 300; seed++)
        {
            UInt128[] hashes = PrefixMemory.Hashes(prompt, seed);
            PrefixMemory memory = new(Blocks);
            Assert.Equal(0, memory.KnownTokens(hashes));
            memory.Add(hashes);
            Assert.Equal(prompt.Length, memory.KnownTokens(hashes));
        }
    }

    [Fact]
    public void What_was_given_last_stays_when_there_is_more_than_there_are_places()
    {
        PrefixMemory memory = new(Blocks);
        for (int i = 0; i < 200; i++)
        {
            memory.Add(PrefixMemory.Hashes(Prompt(i, 8), seed: 1));
            Assert.Equal(8 * PrefixMemory.BlockTokens, memory.KnownTokens(PrefixMemory.Hashes(Prompt(i, 8), seed: 1)));
        }

        Assert.Equal(0, memory.KnownTokens(PrefixMemory.Hashes(Prompt(0, 8), seed: 1)));
    }

    [Fact]
    public void Only_what_two_prompts_begin_with_alike_is_known()
    {
        PrefixMemory memory = new(Blocks);
        int[] one = Prompt(300, 6), other = [.. one[..(3 * PrefixMemory.BlockTokens)], .. Prompt(900, 3)];
        memory.Add(PrefixMemory.Hashes(one, seed: 7));
        Assert.Equal(3 * PrefixMemory.BlockTokens, memory.KnownTokens(PrefixMemory.Hashes(other, seed: 7)));
    }

    private static int[] Prompt(int first, int blocks) =>
        [.. Enumerable.Range(0, blocks * PrefixMemory.BlockTokens).Select(i => first + (i * 7 % 900))];
}
