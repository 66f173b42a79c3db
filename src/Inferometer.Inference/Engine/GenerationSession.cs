using System.Collections.Frozen;
using System.Threading.Channels;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Runners;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>
/// One generation on its way: its sampler's state, its text, and the stream out. Lives on the loop thread; only <see cref="Updates"/> is
/// read elsewhere.
/// </summary>
internal sealed class GenerationSession : ISequenceOwner
{
    private readonly Channel<GenerationUpdate> _channel =
        Channel.CreateUnbounded<GenerationUpdate>(new UnboundedChannelOptions { SingleReader = true });

    private readonly SamplingOptions _options;
    private readonly SamplerState _state;
    private readonly Sampler _sampler;
    private readonly Tokenizer _tokenizer;
    private readonly StreamingDetokenizer _text;
    private readonly StopStringMatcher _stops;
    private readonly SpeculationOptions? _speculation;
    private readonly int[] _places;
    private readonly FrozenSet<int> _shown;
    private readonly int _topOfPrompt;
    private TokenLogProbabilities[]? _ofPrompt; // until they are given out
    private bool _tellsPrompt;
    private int[] _lookup = [];
    private int _draftComputed = -1;
    private int _preemptionsSeen;
    private volatile bool _hasEnded;

    public GenerationSession(
        GenerationRequest request, SamplerState state, Sampler sampler, Tokenizer tokenizer, SpeculationOptions? speculation)
    {
        _options = request.Sampling ?? new SamplingOptions();
        _state = state;
        _sampler = sampler;
        _tokenizer = tokenizer;
        _text = new StreamingDetokenizer(tokenizer, includeControl: false, isContinuation: true);
        _stops = new StopStringMatcher(_options.StopStrings, _options.IncludesStop);
        _speculation = request.Speculate ? speculation : null;
        _places = new int[_speculation?.DraftTokens ?? 0];
        _shown = request.ShownTokens.ToFrozenSet();
        Adapter = request.Adapter;
        _topOfPrompt = request.TopPromptLogProbabilities ?? 0;
        _tellsPrompt = request.TopPromptLogProbabilities is not null;
    }

    public IModelAdapter? Adapter { get; }

    public bool WantsHiddenStates => false;

    public float CandidateTemperature => _state.CandidateTemperature;

    public ChannelReader<GenerationUpdate> Updates => _channel.Reader;

    /// <summary>Whether the last update was given out, or an error.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>The sequence, once the scheduler has taken the request.</summary>
    public Sequence? Sequence { get; set; }

    public void TakeStep(StepChunk chunk, StepRows rows)
    {
        Describe(chunk, rows);
        int firstDraft = chunk.TokenCount - chunk.DraftTokens;
        for (int row = 0; row < chunk.LogitRows; row++)
        {
            int token = Choose(rows, row, out TokenLogProbabilities? logProbabilities);
            chunk.Emit(token);
            if (Write(chunk, token, logProbabilities))
            {
                return;
            }

            if (row < chunk.DraftTokens && chunk.Tokens.Span[firstDraft + row] != token)
            {
                break; // what follows was computed after a draft that is wrong
            }
        }

        if (_speculation is not null && chunk.LogitRows > 0)
        {
            ProposeDraft(chunk, _speculation);
        }

        // Drafts but the last are in the draft model's cache; those rejected are computed again over.
        _draftComputed = chunk.PastTokens + chunk.TokenCount - Math.Min(1, chunk.DraftTokens);
    }

    /// <summary>Tokens before the chunk that the draft model has not computed.</summary>
    public int DraftLag(StepChunk chunk)
    {
        bool isAdmitted = _draftComputed < 0 || _preemptionsSeen != chunk.Sequence.Preemptions;
        _preemptionsSeen = chunk.Sequence.Preemptions;
        return isAdmitted ? 0 : Math.Max(0, chunk.PastTokens - _draftComputed);
    }

    public void OnEnded(Sequence sequence)
    {
        _hasEnded = true;
        string rest = _stops.Append(_text.Flush()) + _stops.Flush();
        _channel.Writer.TryWrite(new GenerationUpdate
        {
            Text = rest,
            FinishReason = sequence.FinishReason,
            Usage = GenerationUsage.Of(sequence),
            PromptLogProbabilities = TakeOfPrompt(),
        });
        _channel.Writer.TryComplete();
    }

    public void Fail(Exception error)
    {
        _hasEnded = true;
        _channel.Writer.TryComplete(error);
    }

    /// <summary>The caller wants nothing more: ends its wait at once, from any thread. The sequence is still to be cancelled.</summary>
    public void Abandon(CancellationToken cancellationToken) =>
        _channel.Writer.TryComplete(new OperationCanceledException(cancellationToken));

    /// <summary>Notes how probable the tokens behind those of the chunk were. The first token of a prompt stands behind none.</summary>
    private void Describe(StepChunk chunk, StepRows rows)
    {
        ReadOnlySpan<int> tokens = chunk.Sequence.Tokens;
        if (_tellsPrompt)
        {
            _tellsPrompt = false; // also where it is of one token, behind which none of the prompt stands
            _ofPrompt = new TokenLogProbabilities[tokens.Length];
            _ofPrompt[0] = new TokenLogProbabilities(new TokenLogProbability(tokens[0], float.NaN), []);
        }

        for (int row = 0; _ofPrompt is not null && row < chunk.PromptRows && chunk.PastTokens + row + 1 < tokens.Length; row++)
        {
            int next = chunk.PastTokens + row + 1;
            _ofPrompt[next] = _sampler.DescribeRanked(rows.PromptLogits(row), tokens[next], _topOfPrompt);
        }
    }

    private TokenLogProbabilities[]? TakeOfPrompt()
    {
        TokenLogProbabilities[]? taken = _ofPrompt;
        _ofPrompt = null;
        return taken;
    }

    /// <summary>The next token. Where the best of a row or its candidates decide, the row stays with the runner.</summary>
    private int Choose(StepRows rows, int row, out TokenLogProbabilities? logProbabilities)
    {
        if (_state.TakesBest)
        {
            logProbabilities = null;
            int best = Sampler.RequirePossible(rows.BestToken(row));
            _state.Accept(best);
            return best;
        }

        RowCandidates candidates = rows.Candidates(row);
        return !candidates.IsEmpty && _sampler.TrySample(candidates, _state, out int token, out logProbabilities)
            ? token
            : _sampler.Sample(rows.Logits(row), _state, out logProbabilities);
    }

    /// <summary>Gives out a token, or ends the sequence at it.</summary>
    /// <returns>True when the sequence has ended.</returns>
    private bool Write(StepChunk chunk, int token, TokenLogProbabilities? logProbabilities)
    {
        if (_options.StopTokens.Contains(token) || (_tokenizer.IsEndOfGeneration(token) && !_options.IgnoreEndOfGeneration))
        {
            if (_options.IncludesStop)
            {
                _channel.Writer.TryWrite(Update(_stops.Append(TextOf(token)), token, logProbabilities));
            }

            chunk.Finish(FinishReason.Stop);
            return true;
        }

        string piece = TextOf(token);
        string text = _state.OutputTokens <= _options.MinOutputTokens ? piece : _stops.Append(piece);
        _channel.Writer.TryWrite(Update(text, token, logProbabilities));
        if (_stops.IsStopped || _state.IsComplete)
        {
            chunk.Finish(FinishReason.Stop);
            return true;
        }

        return false;
    }

    private GenerationUpdate Update(string text, int token, TokenLogProbabilities? logProbabilities) =>
        new() { Text = text, TokenId = token, LogProbabilities = logProbabilities, PromptLogProbabilities = TakeOfPrompt() };

    private string TextOf(int token) =>
        _shown.Contains(token) ? _text.Flush() + _tokenizer.TokenText(token) : _text.Append(token);

    private void ProposeDraft(StepChunk chunk, SpeculationOptions speculation)
    {
        if (speculation.DraftModelPath is not null)
        {
            chunk.ProposeDraft(_places); // the draft model fills these in when it runs in the next step
            return;
        }

        ReadOnlySpan<int> tokens = chunk.Sequence.Tokens;
        int count = tokens.Length + chunk.EmittedCount;
        if (_lookup.Length < count)
        {
            Array.Resize(ref _lookup, Math.Max(count, _lookup.Length * 2));
            tokens.CopyTo(_lookup);
        }

        chunk.Emitted.CopyTo(_lookup.AsSpan(tokens.Length)); // earlier ones are there from earlier steps
        chunk.ProposeDraft(PromptLookup.Find(_lookup.AsSpan(0, count), speculation.MaxMatchTokens, speculation.DraftTokens));
    }
}
