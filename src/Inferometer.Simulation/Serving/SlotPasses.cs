using System.Runtime.InteropServices;
using Inferometer.Scheduling;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// Which slot a sequence sits in, and the passes that a step is computed in (<see cref="SlotStreams"/>). A request takes the free slot that
/// was given back longest ago; in the beginning they stand in an order that chance makes, as in a service that has run for a while. A pass
/// begins with the first sequence that has tokens left, those that decode before those that read prompts and each by slot; takes in every
/// later one whose slot is the next; and computes as many tokens of each as all of them have left. Not thread-safe.
/// </summary>
internal sealed class SlotPasses
{
    private readonly int _passTokens;
    private readonly Dictionary<long, int> _slotOf = [];
    private readonly Sequence?[] _owners;
    private readonly long[] _givenBack; // all different
    private Member[] _members = new Member[16];
    private int[] _pass = new int[16];
    private int _count;
    private long _time;

    /// <summary>Creates slots that are all free.</summary>
    /// <param name="slots">How many, at least 1.</param>
    /// <param name="passTokens">Most tokens of a pass, at least 1.</param>
    /// <param name="random">Makes the order in which they are taken first.</param>
    public SlotPasses(int slots, int passTokens, SeededRandom random)
    {
        _passTokens = passTokens;
        _owners = new Sequence?[slots];
        _givenBack = new long[slots];
        for (int i = 0; i < slots; i++)
        {
            int other = Math.Min(i, (int)((i + 1) * random.Uniform()));
            (_givenBack[i], _givenBack[other]) = (_givenBack[other], i);
        }

        _time = slots;
    }

    /// <summary>Frees the slots of sequences that run no more. Before the first <see cref="SlotOf"/> of a step.</summary>
    public void GiveBack()
    {
        for (int i = 0; i < _owners.Length; i++)
        {
            if (_owners[i] is { State: not SequenceState.Running } ended)
            {
                _slotOf.Remove(ended.Id);
                _owners[i] = null;
                _givenBack[i] = ++_time;
            }
        }
    }

    /// <summary>The slot of a sequence that runs; it takes one where it has none.</summary>
    public int SlotOf(Sequence sequence)
    {
        if (_slotOf.TryGetValue(sequence.Id, out int slot))
        {
            return slot;
        }

        slot = -1;
        for (int i = 0; i < _owners.Length; i++)
        {
            if (_owners[i] is null && (slot < 0 || _givenBack[i] < _givenBack[slot]))
            {
                slot = i;
            }
        }

        if (slot < 0)
        {
            throw new InvalidOperationException($"more than {_owners.Length} sequences run at once");
        }

        _owners[slot] = sequence;
        _slotOf.Add(sequence.Id, slot);
        return slot;
    }

    /// <summary>Begins a step. Sequences that decode come before those that read prompts.</summary>
    public void Begin() => _count = 0;

    /// <summary>Adds a sequence that decodes.</summary>
    public void Add(int slot, in DecodeGroup decode) =>
        Add(new Member(slot, decode.ContextTokens - decode.NewTokens, decode.NewTokens, IsPrompt: false, Ends: false));

    /// <summary>Adds a piece of a prompt.</summary>
    public void Add(int slot, in PrefillChunk prompt) =>
        Add(new Member(slot, prompt.PastTokens, prompt.NewTokens, IsPrompt: true, prompt.EndsPrompt));

    /// <summary>Takes the next pass.</summary>
    /// <param name="prefill">Room for the pieces of prompts in it.</param>
    /// <param name="decode">Room for the sequences that decode in it.</param>
    /// <returns>How many of each; none of either after the last pass.</returns>
    public (int Prefill, int Decode) Next(Span<PrefillChunk> prefill, Span<DecodeGroup> decode)
    {
        int chosen = 0, tokens = int.MaxValue;
        for (int i = 0; i < _count && chosen < _passTokens; i++)
        {
            if (_members[i].Left > 0 && (chosen == 0 || _members[i].Slot == _members[_pass[chosen - 1]].Slot + 1))
            {
                _pass[chosen++] = i;
                tokens = Math.Min(tokens, _members[i].Left);
            }
        }

        tokens = chosen == 0 ? 0 : Math.Clamp(_passTokens / chosen, 1, tokens);
        int p = 0, d = 0;
        for (int i = 0; i < chosen; i++)
        {
            ref Member member = ref _members[_pass[i]];
            member = member with { Past = member.Past + tokens, Left = member.Left - tokens };

            // One token of a prompt is computed as one that is decoded.
            if (member.IsPrompt && tokens > 1)
            {
                prefill[p++] = new PrefillChunk(member.Past - tokens, tokens, EndsPrompt: member.Ends && member.Left == 0);
            }
            else
            {
                decode[d++] = new DecodeGroup(member.Past, NewTokens: tokens);
            }
        }

        return (p, d);
    }

    private void Add(in Member member)
    {
        if (_count == _members.Length)
        {
            Array.Resize(ref _members, 2 * _count);
            Array.Resize(ref _pass, 2 * _count);
        }

        int at = _count++;
        for (; at > 0 && _members[at - 1].IsPrompt == member.IsPrompt && _members[at - 1].Slot > member.Slot; at--)
        {
            _members[at] = _members[at - 1];
        }

        _members[at] = member;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Member(int Slot, int Past, int Left, bool IsPrompt, bool Ends);
}
