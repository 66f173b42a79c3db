using System.Numerics.Tensors;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Runners;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>
/// The beams of one search. Their sequences share the blocks of what they have in common; the scheduler copies a block when two beams part
/// in it. Each step computes every beam's last token; once all rows are there, the best continuations over all beams replace the beams.
/// </summary>
internal sealed class BeamGroup(BeamSearchRequest request, Tokenizer tokenizer) : ISequenceOwner
{
    private readonly TaskCompletionSource<IReadOnlyList<BeamHypothesis>> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Beam> _beams = [];
    private readonly List<BeamHypothesis> _finished = [];
    private readonly List<Candidate> _candidates = [];
    private readonly List<Candidate> _chosen = [];
    private readonly List<Beam> _spare = [];
    private IReadOnlyList<BeamHypothesis>? _found;
    private bool _hasEnded; // from outside

    public IModelAdapter? Adapter => request.Adapter;

    public bool WantsHiddenStates => false;

    public Task<IReadOnlyList<BeamHypothesis>> Result => _result.Task;

    public bool IsDone => _found is not null || _hasEnded || _result.Task.IsCompleted;

    public void Start(Sequence sequence) => _beams.Add(new Beam(sequence));

    public void TakeStep(StepChunk chunk, StepRows rows)
    {
        if (chunk.LogitRows == 0)
        {
            return;
        }

        Beam beam = _beams.Find(b => ReferenceEquals(b.Sequence, chunk.Sequence))!;
        beam.Continuations.Clear();
        Span<float> logits = rows.Logits(0);
        double logSum = Sampler.LogSumExp(logits);
        for (int i = 0; i < Math.Min(2 * request.BeamWidth, logits.Length); i++)
        {
            // Twice the width: even if half of them end, enough are left to go on with.
            int token = TensorPrimitives.IndexOfMax(logits);
            beam.Continuations.Add((token, logits[token] - logSum));
            logits[token] = float.NegativeInfinity;
        }
    }

    /// <summary>Goes one token further when every beam has its row. Called between steps.</summary>
    public void Advance(Scheduler scheduler)
    {
        if (IsDone || _beams.Count == 0 || _beams.Exists(b => b.Continuations.Count == 0))
        {
            return;
        }

        Choose();
        int length = _beams[0].Sequence.GeneratedTokens + 1;
        bool isFull = _finished.Count >= request.BeamWidth && !CanImprove(length);
        if (_chosen.Count == 0 || isFull || length >= request.MaxNewTokens)
        {
            Complete(scheduler, keepLive: !isFull);
            return;
        }

        Replace(scheduler);
    }

    public void OnEnded(Sequence sequence) => _hasEnded = true;

    public void Fail(Exception error) => _result.TrySetException(error);

    /// <summary>Gives the blocks of every beam back.</summary>
    public void Release(Scheduler scheduler, FinishReason reason)
    {
        foreach (Beam beam in _beams)
        {
            scheduler.End(beam.Sequence, reason);
        }
    }

    /// <summary>Nobody waits for it any more.</summary>
    public void Cancel(Scheduler scheduler)
    {
        Release(scheduler, FinishReason.Cancelled);
        _result.TrySetCanceled();
    }

    /// <summary>Tells the caller what was found, or that the search ended before it was done.</summary>
    public void Deliver()
    {
        if (_found is null)
        {
            _result.TrySetCanceled();
        }
        else
        {
            _result.TrySetResult(_found);
        }
    }

    /// <summary>The best continuations over all beams; those that end become hypotheses.</summary>
    private void Choose()
    {
        _candidates.Clear();
        _chosen.Clear();
        foreach (Beam beam in _beams)
        {
            foreach ((int token, double logProbability) in beam.Continuations)
            {
                _candidates.Add(new Candidate(beam, token, beam.LogProbability + logProbability));
            }

            beam.Continuations.Clear();
        }

        _candidates.Sort((a, b) => b.LogProbability.CompareTo(a.LogProbability));
        for (int rank = 0; rank < _candidates.Count && _chosen.Count < request.BeamWidth; rank++)
        {
            Candidate candidate = _candidates[rank];
            if (!tokenizer.IsEndOfGeneration(candidate.Token) && !request.StopTokens.Contains(candidate.Token))
            {
                _chosen.Add(candidate);
            }
            else if (rank < request.BeamWidth)
            {
                AddHypothesis(candidate.Parent.Sequence, null, candidate.LogProbability, isFinished: true);
            }
        }
    }

    private bool CanImprove(int length)
    {
        double worst = _finished.Order(ByScore).Take(request.BeamWidth).Last().Score;
        return _chosen.Count > 0 && Score(_chosen[0].LogProbability, length) > worst;
    }

    private void Replace(Scheduler scheduler)
    {
        _spare.Clear();
        foreach (Beam beam in _beams)
        {
            beam.IsTaken = false;
        }

        foreach (Candidate candidate in _chosen)
        {
            candidate.Parent.IsTaken = true;
        }

        _spare.AddRange(_beams.Where(b => !b.IsTaken));
        var next = new List<(Beam Beam, Candidate Candidate)>(_chosen.Count);
        foreach (Candidate candidate in _chosen)
        {
            Beam beam = candidate.Parent;
            if (!beam.IsTaken)
            {
                beam = Copy(scheduler, candidate.Parent); // a second child; the first one goes on in its parent's place
            }

            candidate.Parent.IsTaken = false;
            next.Add((beam, candidate));
        }

        foreach (Beam beam in _spare)
        {
            _beams.Remove(beam);
            scheduler.End(beam.Sequence, FinishReason.Stop);
        }

        foreach ((Beam beam, Candidate candidate) in next)
        {
            beam.LogProbability = candidate.LogProbability;
            scheduler.Append(beam.Sequence, candidate.Token);
        }
    }

    private Beam Copy(Scheduler scheduler, Beam parent)
    {
        if (_spare.Count > 0)
        {
            Beam beam = _spare[^1];
            _spare.RemoveAt(_spare.Count - 1);
            scheduler.Overwrite(beam.Sequence, parent.Sequence);
            return beam;
        }

        Beam child = new(scheduler.Fork(parent.Sequence, this));
        _beams.Add(child);
        return child;
    }

    private void Complete(Scheduler scheduler, bool keepLive)
    {
        if (keepLive)
        {
            foreach (Candidate candidate in _chosen)
            {
                AddHypothesis(candidate.Parent.Sequence, candidate.Token, candidate.LogProbability, isFinished: false);
            }
        }

        _found = [.. _finished.Order(ByScore).Take(request.BeamWidth)];
        Release(scheduler, FinishReason.Length);
    }

    private void AddHypothesis(Sequence sequence, int? last, double logProbability, bool isFinished)
    {
        int[] tokens = [.. sequence.Tokens[sequence.PromptTokens..], .. last is { } token ? [token] : (int[])[]];
        string text = tokenizer.Decode(tokens, isContinuation: true);
        _finished.Add(new BeamHypothesis(text, tokens, logProbability, Score(logProbability, sequence.GeneratedTokens + 1), isFinished));
    }

    private double Score(double logProbability, int length) => logProbability / Math.Pow(length, request.LengthPenalty);

    private static Comparer<BeamHypothesis> ByScore { get; } = Comparer<BeamHypothesis>.Create((a, b) => b.Score.CompareTo(a.Score));

    private sealed class Beam(Sequence sequence)
    {
        public Sequence Sequence => sequence;

        public double LogProbability { get; set; }

        public bool IsTaken { get; set; }

        public List<(int Token, double LogProbability)> Continuations { get; } = [];
    }

    private readonly record struct Candidate(Beam Parent, int Token, double LogProbability);
}
