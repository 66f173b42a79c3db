namespace Inferometer.Runners;

/// <summary>
/// The sequences of one step. The slices are kept and reused when the batch is cleared, so that filling it again allocates nothing
/// once it has been as long before. Not thread-safe.
/// </summary>
public sealed class ForwardBatch
{
    private readonly List<SequenceSlice> _slices = [];

    /// <summary>Sequences in the step.</summary>
    public int Count { get; private set; }

    /// <summary>Tokens over all sequences.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Rows of logits over all sequences.</summary>
    public int LogitRowCount { get; private set; }

    /// <summary>The state after the final norm of every token is wanted.</summary>
    public bool WantsHiddenStates { get; set; }

    /// <summary>Whether a slice wants candidates of its rows.</summary>
    public bool WantsCandidates { get; private set; }

    /// <summary>The slice at <paramref name="index"/>, in the order of <see cref="Add"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many slices.</exception>
    public SequenceSlice this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return _slices[index];
        }
    }

    /// <summary>Empties the batch; its slices are used again by <see cref="Add"/>.</summary>
    public void Clear()
    {
        for (int i = 0; i < Count; i++)
        {
            _slices[i].Tokens = default;
            _slices[i].BlockTable = default;
            _slices[i].Segments = default;
            _slices[i].Adapter = null;
            _slices[i].CandidateTemperature = 0;
        }

        Count = TokenCount = LogitRowCount = 0;
        WantsHiddenStates = WantsCandidates = false;
    }

    /// <summary>Appends a sequence's part of the step. Logit rows and hidden states come out in this order.</summary>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <param name="pastTokens">Tokens of the sequence already in the cache.</param>
    /// <param name="blockTable">Cache blocks by position, enough for past and new tokens.</param>
    /// <param name="logitRows">How many of the last tokens get logits, 0 to the number of tokens.</param>
    /// <param name="adapter">Adapter the sequence runs with, or null.</param>
    /// <param name="segments">The segment of each token; empty where all are of the first.</param>
    /// <param name="candidateTemperature">See <see cref="SequenceSlice.CandidateTemperature"/>.</param>
    /// <exception cref="ArgumentException">No tokens, more logit rows than tokens, or another number of segments.</exception>
    public void Add(
        ReadOnlyMemory<int> tokens, int pastTokens, ReadOnlyMemory<int> blockTable, int logitRows = 1, IModelAdapter? adapter = null,
        ReadOnlyMemory<int> segments = default, float candidateTemperature = 0)
    {
        if (!segments.IsEmpty && segments.Length != tokens.Length)
        {
            throw new ArgumentException($"{segments.Length} segments for {tokens.Length} tokens", nameof(segments));
        }


        if (tokens.IsEmpty)
        {
            throw new ArgumentException("a slice needs at least one token", nameof(tokens));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(pastTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(logitRows);
        ArgumentOutOfRangeException.ThrowIfNegative(candidateTemperature);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(logitRows, tokens.Length);
        if (Count == _slices.Count)
        {
            _slices.Add(new SequenceSlice());
        }

        SequenceSlice slice = _slices[Count++];
        slice.Tokens = tokens;
        slice.PastTokens = pastTokens;
        slice.BlockTable = blockTable;
        slice.LogitRows = logitRows;
        slice.Adapter = adapter;
        slice.Segments = segments;
        slice.CandidateTemperature = candidateTemperature;
        WantsCandidates |= candidateTemperature > 0 && logitRows > 0;
        TokenCount += tokens.Length;
        LogitRowCount += logitRows;
    }
}
