using System.Globalization;
using System.Reflection;
using System.Text;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling.Tests;

/// <summary>
/// Everything in a scheduler and its pool that decides what happens next, or is counted, as text: two that are equal go on equally.
/// </summary>
internal static class StateSnapshot
{
    public static string Of(Scheduler scheduler)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{scheduler.Statistics}");
        Append(text, scheduler.Pool);
        text.Append("waiting");
        foreach (Sequence sequence in scheduler.Waiting.OrderBy(s => s.OrderKey).ThenBy(s => s.Id))
        {
            text.Append(CultureInfo.InvariantCulture, $" {sequence.Id}");
        }

        text.AppendLine();
        foreach (Sequence sequence in scheduler.Running.Concat(scheduler.Waiting.OrderBy(s => s.Id)))
        {
            Append(text, sequence);
        }

        return text.ToString();
    }

    public static string Of(Sequence sequence)
    {
        StringBuilder text = new();
        Append(text, sequence);
        return text.ToString();
    }

    /// <summary>Cached blocks, the next to be evicted first.</summary>
    public static List<int> Cached(BlockPool pool)
    {
        int[] newer = Field<int[]>(pool, "_newer");
        List<int> blocks = [];
        for (int block = Field<int>(pool, "_oldest"); block >= 0; block = newer[block])
        {
            blocks.Add(block);
        }

        Assert.Equal(pool.CachedBlocks, blocks.Count);
        return blocks;
    }

    private static void Append(StringBuilder text, BlockPool pool)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"{pool.Statistics} filled {pool.FilledSlots}");
        text.AppendLine("free " + string.Join(' ', Field<int[]>(pool, "_free").Take(pool.FreeBlocks)));
        text.AppendLine("cached " + string.Join(' ', Cached(pool)));
        bool[] published = Field<bool[]>(pool, "_published");
        for (int block = 0; block < pool.BlockCount; block++)
        {
            int filled = pool.ReferenceCount(block) > 0 || published[block] ? Field<int[]>(pool, "_filled")[block] : 0;
            text.Append(CultureInfo.InvariantCulture, $"{block}:{pool.ReferenceCount(block)},{filled},{published[block]} ");
        }

        text.AppendLine();
        UInt128[] hashes = Field<UInt128[]>(pool, "_hash");
        PrefixIndex index = Field<PrefixIndex>(pool, "_index");
        for (int block = 0; block < pool.BlockCount && pool.PrefixCaching; block++)
        {
            int found = published[block] ? index.Find(hashes[block]) : -1;
            text.Append(CultureInfo.InvariantCulture, $"{block}={found},{(published[block] ? hashes[block] : 0):x} ");
        }

        text.AppendLine();
    }

    private static void Append(StringBuilder text, Sequence sequence)
    {
        text.Append(CultureInfo.InvariantCulture, $"{sequence.Id} {sequence.State} {sequence.FinishReason} {sequence.ComputedTokens} ");
        text.Append(CultureInfo.InvariantCulture, $"{sequence.CachedPromptTokens} {sequence.Preemptions} {sequence.PublishedBlocks} ");
        text.Append(CultureInfo.InvariantCulture, $"{sequence.IsHeld} {sequence.AdmittedSeconds} {sequence.FirstTokenSeconds} ");
        text.Append(CultureInfo.InvariantCulture, $"{sequence.LastTokenSeconds} {sequence.FinishSeconds} {sequence.PendingEnd} tokens ");
        text.AppendJoin(' ', sequence.TokensAt(0, sequence.TokenCount + sequence.DraftCount).ToArray());
        text.Append(
            CultureInfo.InvariantCulture, $" drafts {sequence.DraftCount} blocks ").AppendJoin(' ', sequence.Table.Blocks.ToArray());
        text.AppendLine();
    }

    private static T Field<T>(BlockPool pool, string name) =>
        (T)typeof(BlockPool).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(pool)!;
}
