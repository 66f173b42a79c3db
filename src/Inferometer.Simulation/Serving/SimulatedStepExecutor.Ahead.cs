using Inferometer.Scheduling;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Serving;

/// <content>Steps that are run ahead: of those that decode only their number and the sum of their contexts are kept.</content>
public sealed partial class SimulatedStepExecutor : IAheadStepExecutor
{
    private IBatchedDecode? _sums; // the plan, where steps can be run ahead with it
    private int _members;
    private long _contexts; // of the members in the next step

    /// <summary>Whether steps can be run ahead: nothing is drafted, and the plan takes sums.</summary>
    internal bool CanRunAhead => _plan is IBatchedDecode { TakesSums: true } && _ranks == 1 && _speculative is null && _draft is null
        && _slots is null && Owner is not null;

    bool IAheadStepExecutor.LeavesStep => !MayPass && _clock.Seconds > HorizonSeconds;

    void IAheadStepExecutor.Begin()
    {
        _sums = (IBatchedDecode)_plan;
        (_members, _contexts) = (0, 0);
        Owner!.BeginAhead();
    }

    void IAheadStepExecutor.Join(Sequence sequence)
    {
        _members++;
        _contexts += sequence.TokenCount;
        Owner!.JoinAhead(sequence);
    }

    void IAheadStepExecutor.Leave(Sequence sequence)
    {
        _members--;
        _contexts -= sequence.TokenCount;
        Owner!.LeaveAhead(sequence);
    }

    bool IAheadStepExecutor.TryBegin() => !Cancellation.IsCancellationRequested && Owner!.MayBeginAhead();

    StepOutcome IAheadStepExecutor.Execute(IReadOnlyList<StepChunk> prompts, bool batchDecodes)
    {
        int members = batchDecodes ? _members : 0;
        int chunks = prompts.Count, first = 0, prefill = 0, decode = members;
        long contexts = batchDecodes ? _contexts : 0;
        if (chunks > 0)
        {
            Reserve(chunks);
            for (int i = 0; i < chunks; i++)
            {
                StepChunk chunk = prompts[i];
                if (!chunk.IsPrefill)
                {
                    decode++; // it was preempted, and all but its last token is still in the prefix cache
                    contexts += chunk.ContextTokens;
                }
                else if (!_promptsAreTransferred || chunk.Sequence.Preemptions > 0)
                {
                    _prefill[prefill++] = new PrefillChunk(chunk.PastTokens, chunk.TokenCount, EndsPrompt: chunk.LogitRows > 0);
                }
                else if (chunk.LogitRows > 0)
                {
                    decode++; // its keys and values came with it: only the last token is computed
                    contexts += chunk.ContextTokens;
                }

                if (chunk.LogitRows > 0)
                {
                    chunk.Emit(0);
                    first++;
                }
            }
        }

        double begin = _clock.Seconds;
        PhaseTotals totals = prefill + decode == 0 ? default : _sums!.StepOfSums(_prefill.AsSpan(0, prefill), decode, contexts);
        if (prefill > 0)
        {
            bool isMixed = decode > 0;
            double alone = isMixed && _promptShare != 1
                ? Math.Min(totals.LatencySeconds, _sums!.StepOfSums([], decode, contexts).LatencySeconds)
                : 0;
            totals = Felt(totals, isMixed, alone, out double left);
            if (left > 0)
            {
                TellLeft(prompts, left);
            }
        }

        double seconds = totals.LatencySeconds + _overhead.Of(members + chunks);
        Meter.Add(totals, seconds, _idleWatts, members + chunks);
        _clock.Advance(seconds);
        Owner!.StepAhead(begin, _clock.Seconds, members, chunks, first);
        _contexts += members;
        return new StepOutcome(seconds);
    }

    void IAheadStepExecutor.End(int steps) => Owner!.EndAhead();
}
