using Inferometer.Scheduling;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// Executes a step by asking a plan how long it would take, and moves a virtual clock by that: the other executor of the scheduler that the
/// engine runs. Tokens have no meaning here; each is 0. Where the plan decodes speculatively, drafts are proposed, and accepted by chance
/// at the plan's rate. Slots with keys and values of their own divide a step into passes. Under attention data parallelism each rank has
/// the sequences whose numbers fall to it, and the slowest sets the pace.
/// Allocates nothing once a step as large was priced. Not thread-safe.
/// </summary>
public sealed partial class SimulatedStepExecutor : IStepExecutor, IRepeatedStepExecutor
{
    private readonly ICostPlan _plan;
    private readonly ICostPlan? _draft;
    private readonly VirtualClock _clock;
    private readonly StepOverhead _overhead;
    private readonly double _promptShare;
    private readonly double _ownPromptShare;
    private readonly SpeculativeSpec? _speculative;
    private readonly SeededRandom _random;
    private readonly int _ranks;
    private readonly bool _isPipeline;
    private readonly SlotPasses? _slots; // where they divide steps; ranks are slots then
    private readonly bool _promptsAreTransferred;
    private readonly double _idleWatts;
    private PrefillChunk[] _prefill = new PrefillChunk[16];
    private DecodeGroup[] _decode = new DecodeGroup[16];
    private int[] _prefillRanks = new int[16];
    private int[] _decodeRanks = new int[16];
    private PrefillChunk[] _rankPrefill = new PrefillChunk[16];
    private DecodeGroup[] _rankDecode = new DecodeGroup[16];
    private int _sequences;
    private int _repeated;
    private IRepeatedDecode? _repeatedPlan;

    /// <summary>Creates an executor of one replica without overhead of the framework.</summary>
    /// <param name="plan">What prices steps: one replica of a deployment.</param>
    /// <param name="clock">The scheduler's clock.</param>
    public SimulatedStepExecutor(ICostPlan plan, VirtualClock clock)
        : this(plan, clock, new ServingSimulationOptions(), draft: null, promptsAreTransferred: false)
    {
    }

    internal SimulatedStepExecutor(
        ICostPlan plan, VirtualClock clock, ServingSimulationOptions options, ICostPlan? draft, bool promptsAreTransferred)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(clock);
        _plan = plan;
        _clock = clock;
        _draft = draft;
        _overhead = options.Overhead;
        ServiceCoefficients service = options.Coefficients ?? plan.Service;
        (_promptShare, _ownPromptShare) = (service.PromptShare, service.OwnPromptShare);
        _speculative = plan.Request.Speculative;
        _random = new SeededRandom(options.Seed, 3);
        _ranks = plan.Request.Parallelism.AttentionDataParallel ? plan.Request.Parallelism.Data : 1;
        _isPipeline = plan.Request.Parallelism.Pipeline > 1;
        _slots = _ranks == 1 && options.Slots is { } streams && streams.Divide(options.Scheduler.EffectiveMaxSequences)
            ? new SlotPasses(options.Scheduler.EffectiveMaxSequences, streams.PassTokens, new SeededRandom(options.Seed, 4))
            : null;
        _promptsAreTransferred = promptsAreTransferred;
        _idleWatts = plan.Request.Power.Watts(plan.Request.System.Device.TdpWatts, 0, 0) ?? double.NaN;
    }

    internal StepMeter Meter { get; } = new();

    /// <summary>What the step without its prompts would have taken, seconds, where <see cref="IsObserved"/>.</summary>
    internal double DecodeSeconds { get; private set; }

    /// <summary>Somebody wants to know <see cref="DecodeSeconds"/>, which takes another price for each step with prompts.</summary>
    internal bool IsObserved { get; init; }

    /// <summary>Is told of repeated steps, of which the scheduler's observer hears nothing.</summary>
    internal Replica? Owner { get; set; }

    /// <summary>
    /// A step must not begin here or later, where it is run with others; and where <see cref="MayPass"/> is off, not end later.
    /// </summary>
    internal double HorizonSeconds { get; set; } = double.PositiveInfinity;

    /// <summary>A repeated step may end after <see cref="HorizonSeconds"/>.</summary>
    internal bool MayPass { get; set; } = true;

    /// <summary>Ends repeated steps early.</summary>
    internal CancellationToken Cancellation { get; set; }

    /// <inheritdoc/>
    public StepOutcome Execute(StepPlan step, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(step);
        cancellationToken.ThrowIfCancellationRequested();
        Reserve(step.Chunks.Count);
        _slots?.GiveBack();
        int prefill = 0, decode = 0;
        for (int i = 0; i < step.Chunks.Count; i++)
        {
            StepChunk chunk = step.Chunks[i];
            int rank = RankOf(chunk.Sequence);
            if (chunk.IsPrefill && !(_promptsAreTransferred && chunk.Sequence.Preemptions == 0))
            {
                _prefillRanks[prefill] = rank;
                _prefill[prefill++] = new PrefillChunk(chunk.PastTokens, chunk.TokenCount, EndsPrompt: chunk.LogitRows > 0);
            }
            else if (!chunk.IsPrefill || chunk.LogitRows > 0)
            {
                // a prompt that came with its keys and values: only its last token is computed
                int tokens = chunk.IsPrefill ? 1 : chunk.TokenCount;
                _decodeRanks[decode] = rank;
                _decode[decode++] = new DecodeGroup(chunk.PastTokens + chunk.TokenCount, NewTokens: tokens);
            }

            if (chunk.LogitRows > 0)
            {
                Emit(chunk);
            }
        }

        double seconds = Price(prefill, decode, step.Chunks.Count, out double left);
        if (left > 0)
        {
            TellLeft(step.Chunks, left);
        }

        if (_isPipeline && prefill > 0)
        {
            TellDrain(step.Chunks, prefill);
        }

        _clock.Advance(seconds);
        return new StepOutcome(seconds);
    }

    void IRepeatedStepExecutor.Begin(IReadOnlyList<Sequence> batch)
    {
        _sequences = batch.Count;
        _repeated = 0;
        Reserve(batch.Count);
        _slots?.GiveBack();
        for (int i = 0; i < batch.Count; i++)
        {
            _decodeRanks[i] = RankOf(batch[i]);
            _decode[i] = new DecodeGroup(batch[i].TokenCount);
        }

        _repeatedPlan = _ranks == 1 && _slots is null ? _plan as IRepeatedDecode : null;
        _repeatedPlan?.BeginRepeat(_decode.AsSpan(0, _sequences));
        Owner?.BeginRepeated(batch);
    }

    bool IRepeatedStepExecutor.TryExecute(out StepOutcome outcome)
    {
        outcome = default;
        double begin = _clock.Seconds;
        if (begin >= HorizonSeconds || Cancellation.IsCancellationRequested)
        {
            return false;
        }

        if (_repeatedPlan is null && _repeated > 0)
        {
            for (int i = 0; i < _sequences; i++)
            {
                _decode[i] = _decode[i] with { ContextTokens = _decode[i].ContextTokens + 1 };
            }
        }

        PhaseTotals totals = _repeatedPlan is { } plan ? plan.Repeat(_repeated) : Slowest(0, _sequences);
        double seconds = totals.LatencySeconds + _overhead.Of(_sequences);
        if (!MayPass && begin + seconds > HorizonSeconds)
        {
            return false;
        }

        _repeated++;
        Meter.Add(totals, seconds, _idleWatts, _sequences);
        _clock.Advance(seconds);
        outcome = new StepOutcome(seconds);
        Owner?.RepeatStep(begin, _clock.Seconds);
        return true;
    }

    void IRepeatedStepExecutor.End(int steps) => Owner?.EndRepeated(steps);

    private int RankOf(Sequence sequence) => _slots?.SlotOf(sequence) ?? (_ranks == 1 ? 0 : (int)(sequence.Id % _ranks));

    private void Emit(StepChunk chunk)
    {
        if (_speculative is null)
        {
            chunk.Emit(0);
            return;
        }

        int accepted = 0;
        while (accepted < chunk.DraftTokens && _random.Uniform() < _speculative.AcceptanceRate)
        {
            accepted++;
        }

        chunk.EmitAccepted(accepted, 0);
        chunk.ProposeDraftPlaces(_speculative.DraftTokens);
    }

    private double Price(int prefill, int decode, int sequences, out double left)
    {
        left = 0;
        PhaseTotals totals = prefill + decode == 0 ? default : AtPace(Slowest(prefill, decode));
        bool isMixed = prefill > 0 && decode > 0;
        double alone = isMixed && (IsObserved || _promptShare != 1)
            ? Math.Min(totals.LatencySeconds, Slowest(0, decode).LatencySeconds)
            : 0;
        if (prefill > 0)
        {
            totals = Felt(totals, isMixed, alone, out left);
        }

        double seconds = totals.LatencySeconds + (_draft is null ? 0 : DraftSeconds(prefill, decode)) + _overhead.Of(sequences);
        Meter.Add(totals, seconds, _idleWatts, sequences);
        if (IsObserved)
        {
            DecodeSeconds = prefill == 0 ? seconds : decode == 0 ? 0 : Math.Min(
                seconds, alone + (_draft is null ? 0 : DraftSeconds(0, decode)) + _overhead.Of(decode));
        }

        return seconds;
    }

    // A step with prompts as its sequences feel it: of what prompts add for those that decode, a part hides behind what is done anyway or
    // after them. No step is shorter than its arithmetic and its memory traffic at the datasheet's peak, and what is left of the prompts'
    // work, seconds, is done before their first tokens.
    private PhaseTotals Felt(in PhaseTotals totals, bool isMixed, double aloneSeconds, out double left)
    {
        double whole = totals.LatencySeconds, share = isMixed ? _promptShare : _ownPromptShare;
        if (share == 1)
        {
            left = 0;
            return totals;
        }

        double felt = Math.Max(totals.PeakSeconds, aloneSeconds + (share * (whole - aloneSeconds)));
        left = Math.Max(0, (_ownPromptShare * whole) - felt);
        return totals with
        {
            LatencySeconds = felt,
            FlopUtilization = Math.Min(1, totals.FlopUtilization * whole / felt),
            BandwidthUtilization = Math.Min(1, totals.BandwidthUtilization * whole / felt),
        };
    }

    private void TellLeft(IReadOnlyList<StepChunk> chunks, double seconds)
    {
        for (int i = 0; i < chunks.Count; i++)
        {
            if (chunks[i].IsPrefill)
            {
                Owner?.AddLeft(chunks[i].Sequence, seconds);
            }
        }
    }

    private PhaseTotals AtPace(in PhaseTotals totals)
    {
        PhaseTotals pace = totals.AtPace();
        EstimateRequest request = _plan.Request;
        return totals.DrainSeconds == 0 ? totals : pace with
        {
            DeviceWatts = request.Power.Watts(request.System.Device.TdpWatts, pace.FlopUtilization, pace.BandwidthUtilization),
        };
    }

    // Steps with prompts follow one another at the pace of a pipeline's slowest stage, but a prompt's first token comes when the prompt has
    // passed all stages. Chunks of one prompt follow each other, too, so that it waits once, after the last.
    private void TellDrain(IReadOnlyList<StepChunk> chunks, int prefill)
    {
        PrefillChunk largest = default;
        for (int i = 0; i < prefill; i++)
        {
            largest = _prefill[i].EndsPrompt && _prefill[i].NewTokens > largest.NewTokens ? _prefill[i] : largest;
        }

        double seconds = largest.NewTokens > 0 ? _ownPromptShare * _plan.Step([largest], []).DrainSeconds : 0;
        for (int i = 0; i < chunks.Count && seconds > 0; i++)
        {
            if (chunks[i].IsPrefill && chunks[i].LogitRows > 0)
            {
                Owner?.AddLeft(chunks[i].Sequence, seconds);
            }
        }
    }

    // Ranks wait for each other at every layer's experts.
    private PhaseTotals Slowest(int prefill, int decode)
    {
        if (_ranks == 1)
        {
            return _slots is null ? _plan.Step(_prefill.AsSpan(0, prefill), _decode.AsSpan(0, decode)) : Passes(_slots, prefill, decode);
        }

        PhaseTotals slowest = default;
        for (int rank = 0; rank < _ranks; rank++)
        {
            int p = 0, d = 0;
            for (int i = 0; i < prefill; i++)
            {
                if (_prefillRanks[i] == rank)
                {
                    _rankPrefill[p++] = _prefill[i];
                }
            }

            for (int i = 0; i < decode; i++)
            {
                if (_decodeRanks[i] == rank)
                {
                    _rankDecode[d++] = _decode[i];
                }
            }

            if (p + d > 0)
            {
                PhaseTotals totals = _plan.Step(_rankPrefill.AsSpan(0, p), _rankDecode.AsSpan(0, d));
                slowest = totals.LatencySeconds > slowest.LatencySeconds ? totals : slowest;
            }
        }

        return slowest;
    }

    private PhaseTotals Passes(SlotPasses slots, int prefill, int decode)
    {
        slots.Begin();
        for (int i = 0; i < decode; i++)
        {
            slots.Add(_decodeRanks[i], _decode[i]);
        }

        for (int i = 0; i < prefill; i++)
        {
            slots.Add(_prefillRanks[i], _prefill[i]);
        }

        PhaseTotals sum = default;
        int passes = 0;
        while (slots.Next(_rankPrefill, _rankDecode) is var (p, d) && p + d > 0)
        {
            PhaseTotals pass = _plan.Step(_rankPrefill.AsSpan(0, p), _rankDecode.AsSpan(0, d));
            sum = passes++ == 0 ? pass : sum.Then(pass);
        }

        return sum;
    }

    // The draft reads prompts as the target does, and before each check of drafted tokens proposes them one by one.
    private double DraftSeconds(int prefill, int decode)
    {
        double seconds = prefill > 0 ? _draft!.Step(_prefill.AsSpan(0, prefill), []).LatencySeconds : 0;
        int drafts = 0;
        for (int i = 0; i < decode; i++)
        {
            drafts = Math.Max(drafts, _decode[i].NewTokens - 1);
            _rankDecode[i] = new DecodeGroup(Math.Max(1, _decode[i].ContextTokens - _decode[i].NewTokens));
        }

        return drafts == 0 ? seconds : seconds + (drafts * _draft!.Step([], _rankDecode.AsSpan(0, decode)).LatencySeconds);
    }

    private void Reserve(int chunks)
    {
        if (_prefill.Length < chunks)
        {
            int length = Math.Max(chunks, 2 * _prefill.Length);
            _prefill = new PrefillChunk[length];
            _decode = new DecodeGroup[length];
            _prefillRanks = new int[length];
            _decodeRanks = new int[length];
            _rankPrefill = new PrefillChunk[length];
            _rankDecode = new DecodeGroup[length];
        }
    }
}
