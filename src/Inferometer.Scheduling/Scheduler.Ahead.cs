namespace Inferometer.Scheduling;

/// <content>
/// Steps without looking at every sequence in each: those that decode are a batch that moves on as one. What became of a member is worked
/// out when it leaves; a step costs as much as it changes.
/// </content>
public sealed partial class Scheduler
{
    private readonly List<Sequence> _prompting = []; // running and not in the batch, most urgent first
    private readonly SequenceHeap<ByEnd> _batch = new(); // who decodes, the next to end first
    private List<Sequence>[] _phases = []; // the same, by computed tokens less steps so far in blocks' remainders, most urgent first
    private int _ahead; // steps so far in which the batch decoded
    private int _run; // all steps so far
    private long _aheadFilled; // slots that members filled and the pool does not know of yet
    private bool _batchDecodes; // in the step that is planned
    private double _decodedAt; // when it last did
    private bool _isAheadOpen;
    private StepOutcome _aheadOutcome;

    /// <summary>
    /// Whether <see cref="RunAhead"/> knows the policy: prompts are cut to what is left of a step, and admission looks at what has been
    /// generated, not at what may be.
    /// </summary>
    public bool CanRunAhead =>
        Options is { ChunkedPrefill: true, KeepKeysAndValues: true, ReserveForOutput: false }
        && Options.Batching != BatchingMode.Static && CanResume is null;

    /// <summary>
    /// Whether sequences are not yet as the steps that were run ahead leave them, because <see cref="RunAhead"/> was to stay ahead. Until
    /// <see cref="Land"/>, requests may be submitted and steps be run ahead, and nothing else be done.
    /// </summary>
    public bool IsAhead { get; private set; }

    /// <summary>True between <see cref="RunAhead"/>, where it left a step under way, and <see cref="EndStepAhead"/>.</summary>
    public bool IsStepAheadOpen => _isAheadOpen;

    /// <summary>
    /// Runs steps as long as the executor lets them begin and each decodes one token of every sequence whose prompt is computed; sequences
    /// are admitted, preempted and end on the way. Queue, batch, blocks, prefixes and counts are afterwards what they are
    /// when <see cref="Step"/> is called as often with an executor that emits 0. The observer hears of first tokens and of sequences that
    /// ended, not of steps.
    /// </summary>
    /// <param name="executor">What runs the steps; the same one until <see cref="Land"/>.</param>
    /// <param name="stay">Stays ahead where the executor let no further step begin, for the next call to go on from there.</param>
    /// <returns>Steps run; 0 when the next one is of another kind, or may not begin.</returns>
    /// <exception cref="InvalidOperationException">A step is under way.</exception>
    public int RunAhead(IAheadStepExecutor executor, bool stay = false)
    {
        ArgumentNullException.ThrowIfNull(executor);
        if (_isStepOpen || _isAheadOpen)
        {
            throw new InvalidOperationException("a step is under way; end or abandon it before others begin");
        }

        if (!IsAhead)
        {
            if (!CanRunAhead || !AllDecodeOrRead())
            {
                return 0;
            }

            Gather(executor);
        }

        int before = _run;
        bool isRefused = false;
        while (_deadlines.Count == 0 && !(isRefused = !executor.TryBegin()) && _deadlines.Count == 0 && CanPlanAhead())
        {
            PlanAhead(executor);
            if (_plan.IsEmpty && _batch.Count == 0)
            {
                break;
            }

            StepOutcome outcome = executor.Execute(_plan.Chunks, _batchDecodes);
            RequireDuration(outcome);
            if (stay && executor.LeavesStep)
            {
                (_isAheadOpen, _aheadOutcome) = (true, outcome);
                return _run + 1 - before;
            }

            CommitAhead(outcome, executor);
        }

        int steps = _run - before;
        if (!stay || !isRefused)
        {
            Land(executor);
        }

        return steps;
    }

    /// <summary>Takes in what a step gave that was run ahead and left under way.</summary>
    /// <param name="executor">What ran it.</param>
    /// <exception cref="InvalidOperationException">None is under way.</exception>
    public void EndStepAhead(IAheadStepExecutor executor)
    {
        ArgumentNullException.ThrowIfNull(executor);
        if (!_isAheadOpen)
        {
            throw new InvalidOperationException("no step that was run ahead is under way");
        }

        _isAheadOpen = false;
        CommitAhead(_aheadOutcome, executor);
    }

    /// <summary>Leaves every sequence as the steps that were run ahead did.</summary>
    /// <param name="executor">What ran them.</param>
    /// <exception cref="InvalidOperationException">One of them is under way.</exception>
    public void Land(IAheadStepExecutor executor)
    {
        ArgumentNullException.ThrowIfNull(executor);
        if (_isAheadOpen)
        {
            throw new InvalidOperationException("a step is under way; end it before landing");
        }

        if (IsAhead)
        {
            Scatter(executor);
        }
    }

    private void RequireLanded()
    {
        if (IsAhead)
        {
            throw new InvalidOperationException("steps are run ahead of the sequences; land before anything else is done with them");
        }
    }

    // One token of all that has been generated is still to be computed, in blocks of the sequence's own.
    private bool Decodes(Sequence sequence) =>
        sequence.NeedsStep && sequence.PendingTokens == 1 && sequence.ComputedTokens >= sequence.PromptTokens
        && sequence.DraftCount == 0 && sequence.RemainingTokens > 0
        && sequence.Table.CountShared(sequence.ComputedTokens / Pool.BlockSize) == 0;

    private bool AllDecodeOrRead()
    {
        foreach (Sequence sequence in _running)
        {
            if (!Decodes(sequence) && (!sequence.NeedsStep || sequence.DraftCount > 0))
            {
                return false;
            }
        }

        return true;
    }

    private void Gather(IAheadStepExecutor executor)
    {
        int size = Pool.BlockSize;
        if (_phases.Length != size)
        {
            _phases = [.. Enumerable.Range(0, size).Select(_ => new List<Sequence>())];
        }

        (_ahead, _run, _aheadFilled, IsAhead) = (0, 0, 0, true);
        _plan.Reset(0);
        executor.Begin();
        foreach (Sequence sequence in _running)
        {
            if (Decodes(sequence))
            {
                Join(sequence, executor);
            }
            else
            {
                _prompting.Add(sequence);
            }
        }
    }

    private void Scatter(IAheadStepExecutor executor)
    {
        foreach (List<Sequence> phase in _phases)
        {
            foreach (Sequence sequence in phase)
            {
                Settle(sequence);
                executor.Leave(sequence);
            }

            phase.Clear();
        }

        _batch.Clear();
        _prompting.Clear();
        IsAhead = false;
        executor.End(_run);
    }

    private void Join(Sequence sequence, IAheadStepExecutor executor)
    {
        sequence.JoinStep = _ahead;
        sequence.EndStep = _ahead + sequence.RemainingTokens;
        _batch.Add(sequence);
        Insert(PhaseOf(sequence), sequence);
        executor.Join(sequence);
    }

    private static void Insert(List<Sequence> sequences, Sequence sequence)
    {
        int index = sequences.Count;
        while (index > 0 && ByUrgency.IsBefore(sequence, sequences[index - 1]))
        {
            index--;
        }

        sequences.Insert(index, sequence);
    }

    private List<Sequence> PhaseOf(Sequence sequence) => PhaseAt(sequence.ComputedTokens - sequence.JoinStep);

    private List<Sequence> PhaseAt(int computedLessSteps)
    {
        int rest = computedLessSteps % _phases.Length;
        return _phases[rest < 0 ? rest + _phases.Length : rest];
    }

    private void Leave(Sequence sequence, IAheadStepExecutor executor)
    {
        _batch.Remove(sequence);
        PhaseOf(sequence).Remove(sequence); // before it is settled, by which it would be another
        Settle(sequence);
        executor.Leave(sequence);
    }
}
