using Inferometer.Scheduling;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Explanation;

/// <summary>
/// Takes the times of a simulated service apart, request by request, from what its steps were. Every second between arrival and last token
/// goes to one part: means over the measured requests add up to the means of the report.
/// </summary>
/// <param name="plan">The deployment of a replica, whose operators say what a decode step is made of.</param>
/// <param name="options">How it is run.</param>
internal sealed class ServiceTimes(ICostPlan plan, ServingSimulationOptions options) : IServiceObserver
{
    private const double Milliseconds = 1000;

    // Operators are looked at in every so many steps: neighbours are alike.
    private const int Stride = 8;

    private readonly Dictionary<int, ReplicaTimes> _replicas = [];
    private readonly List<(long Number, bool IsMeasured, Sequence Sequence)> _ended = [];
    private readonly HashSet<long> _readElsewhere = [];
    private readonly StepParts _operators = new();
    private readonly List<OperatorRow> _rows = [];
    private readonly List<DecodeGroup> _decoding = [];
    private readonly int _ranks = plan.Request.Parallelism.AttentionDataParallel ? plan.Request.Parallelism.Data : 1;
    private RequestTimes _first = new() { Admitted = default };
    private (double Decode, double Prompts, double Preempted, double Transfer) _token;
    private long _firsts;
    private long _tokens;

    /// <inheritdoc/>
    public void OnEnded(long number, bool isMeasured, Sequence sequence) => _ended.Add((number, isMeasured, sequence));

    /// <inheritdoc/>
    public void OnStep(in ServiceStep step)
    {
        if (!_replicas.TryGetValue(step.Replica, out ReplicaTimes? replica))
        {
            _replicas.Add(step.Replica, replica = new ReplicaTimes(plan, options.Scheduler));
        }

        replica.Add(step);
        if (replica.Steps % Stride == 1)
        {
            LookAt(step);
        }

        foreach ((long number, bool isMeasured, Sequence sequence) in _ended)
        {
            End(number, isMeasured, sequence, replica);
        }

        _ended.Clear();
    }

    /// <summary>What the mean time to first token is made of.</summary>
    /// <param name="meanMs">The mean, milliseconds: what steps do not account for is the handing over of tokens.</param>
    /// <param name="promptLeftMs">Of it what prompts took beyond the steps that read them.</param>
    public IEnumerable<TimePart> FirstToken(double meanMs, double promptLeftMs)
    {
        double scale = Milliseconds / Math.Max(1, _firsts);
        TimePart[] parts =
        [
            new("own_prompt", "reading the prompt", (scale * _first.OwnPrompt) + promptLeftMs),
            new("beside", "others in the steps that read it", scale * _first.Beside),
            new("step_under_way", "the step that runs at arrival", scale * _first.StepUnderWay),
            new("prompt_queue", "queue behind prompts of others", scale * _first.Prompts),
            new("place_queue", "queue for a place in the batch", scale * _first.Place),
            new("cache_queue", "queue for room in the KV cache", scale * _first.Cache),
        ];
        double rest = meanMs - parts.Sum(p => p.Milliseconds);
        return parts.Append(new TimePart("hand_over", "handing tokens over", rest > 1e-6 * meanMs ? rest : 0))
            .Where(p => p.Milliseconds > 0);
    }

    /// <summary>What the mean time per output token is made of; empty where no request had two.</summary>
    public IEnumerable<TimePart> PerToken()
    {
        double scale = Milliseconds / Math.Max(1, _tokens);
        return _operators.Of(scale * _token.Decode).Concat(new TimePart[]
        {
            new("prompt_stalls", "prompts of others in between", scale * _token.Prompts),
            new("preemption", "preempted for want of KV cache", scale * _token.Preempted),
            new("transfer", "keys and values on their way", scale * _token.Transfer),
        }.Where(p => p.Milliseconds > 0));
    }

    private void End(long number, bool isMeasured, Sequence sequence, ReplicaTimes replica)
    {
        RequestTimes times = replica.Remove(sequence);
        bool wasRead = _readElsewhere.Remove(number);
        if (!wasRead && sequence.Request.MaxNewTokens == 1)
        {
            _readElsewhere.Add(number); // should it go on at another replica
        }

        if (!isMeasured || double.IsNaN(sequence.FirstTokenSeconds))
        {
            return;
        }

        if (!wasRead)
        {
            Add(times);
        }

        // Where the prompt was read elsewhere, the first token came from there, and each of these has a gap before it.
        int gaps = sequence.GeneratedTokens - (wasRead ? 0 : 1);
        if (gaps > 0)
        {
            StepMark from = wasRead ? times.Admitted : times.First;
            _tokens++;
            _token.Decode += (replica.Now.Decode - from.Decode - times.PreemptedDecode) / gaps;
            _token.Prompts += (replica.Now.Prompts - from.Prompts - times.PreemptedPrompts) / gaps;
            _token.Preempted += times.PreemptedSeconds / gaps;
            _token.Transfer += wasRead ? (times.Admitted.Seconds - sequence.ArrivalSeconds) / gaps : 0;
        }
    }

    private void Add(RequestTimes times)
    {
        _firsts++;
        _first = new RequestTimes
        {
            Admitted = default,
            StepUnderWay = _first.StepUnderWay + times.StepUnderWay,
            Prompts = _first.Prompts + times.Prompts,
            Place = _first.Place + times.Place,
            Cache = _first.Cache + times.Cache,
            OwnPrompt = _first.OwnPrompt + times.OwnPrompt,
            Beside = _first.Beside + times.Beside,
        };
    }

    // One rank stands for all of them.
    private void LookAt(in ServiceStep step)
    {
        _decoding.Clear();
        long rank = -1;
        foreach (StepChunk chunk in step.Plan.Chunks)
        {
            if (!chunk.IsPrefill)
            {
                rank = rank < 0 ? chunk.Sequence.Id % _ranks : rank;
                if (chunk.Sequence.Id % _ranks == rank)
                {
                    _decoding.Add(new DecodeGroup(chunk.ContextTokens, NewTokens: chunk.TokenCount));
                }
            }
        }

        if (_decoding.Count > 0)
        {
            _rows.Clear();
            plan.Step([], System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_decoding), _rows);
            double beside = options.Overhead.Of(step.Plan.Chunks.Count(c => !c.IsPrefill));
            double weight = step.DecodeSeconds * _decoding.Count;
            _operators.Add(_rows, weight, Math.Min(1, beside / step.DecodeSeconds));
        }
    }
}
