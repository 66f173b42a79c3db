using Inferometer.Core.Models;
using Inferometer.Runners;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>Where a <see cref="FaultyRunner"/> fails.</summary>
public enum FaultPlace
{
    /// <summary>The forward pass throws.</summary>
    Forward,

    /// <summary>Copying a block throws.</summary>
    CopyBlock,

    /// <summary>A row has no possible token.</summary>
    NoToken,

    /// <summary>The best token of a row is one that the tokenizer does not know, so that its text cannot be written.</summary>
    UnknownToken,

    /// <summary>Fetching a row of logits throws.</summary>
    Logits,

    /// <summary>A row of logits is NaN.</summary>
    NotANumber,

    /// <summary>Fetching a hidden state throws.</summary>
    HiddenState,
}

/// <summary>A runner that fails at one place, at its n-th use. Counts what it was asked for.</summary>
internal sealed class FaultyRunner(IModelRunner inner, FaultPlace? place = null, int at = 0) : IModelRunner
{
    private int _uses;

    /// <summary>Set between requests: a new fault at the n-th use from now.</summary>
    public FaultPlace? Place { get; private set; } = place;

    public int At { get; private set; } = at;

    public int LogitRowsFetched { get; private set; }

    public int FaultsMade { get; private set; }

    public ModelArchitecture Architecture => inner.Architecture;

    public int ContextTokens => inner.ContextTokens;

    public int BlockSize => inner.BlockSize;

    public int BlockCount => inner.BlockCount;

    public RunnerMemory Memory => inner.Memory;

    public RunnerStatistics Statistics => inner.Statistics;

    public void Arm(FaultPlace? place, int at) => (Place, At, _uses) = (place, at, 0);

    public IModelAdapter LoadAdapter(string path, double scale = 1) => inner.LoadAdapter(path, scale);

    public void CopyBlock(int source, int destination)
    {
        ThrowAt(FaultPlace.CopyBlock);
        inner.CopyBlock(source, destination);
    }

    public void Forward(ForwardBatch batch)
    {
        ThrowAt(FaultPlace.Forward);
        inner.Forward(batch);
    }

    public int BestToken(int row) =>
        IsDue(FaultPlace.NoToken) ? -1 : IsDue(FaultPlace.UnknownToken) ? Architecture.VocabularySize + 5 : inner.BestToken(row);

    public Span<float> Logits(int row)
    {
        LogitRowsFetched++;
        ThrowAt(FaultPlace.Logits);
        Span<float> logits = inner.Logits(row);
        if (IsDue(FaultPlace.NotANumber))
        {
            logits.Fill(float.NaN);
        }

        return logits;
    }

    public ReadOnlySpan<float> HiddenState(int token)
    {
        ThrowAt(FaultPlace.HiddenState);
        return inner.HiddenState(token);
    }

    public void Dispose() => inner.Dispose();

    private void ThrowAt(FaultPlace place)
    {
        if (IsDue(place))
        {
            throw new TimeoutException($"injected at {place}");
        }
    }

    private bool IsDue(FaultPlace place)
    {
        bool due = Place == place && _uses++ == At;
        FaultsMade += due ? 1 : 0;
        return due;
    }
}
