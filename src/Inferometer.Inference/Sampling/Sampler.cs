using System.Numerics.Tensors;
using Inferometer.Core;
using Inferometer.Runners;

namespace Inferometer.Inference.Sampling;

/// <summary>
/// Chooses tokens from logits. One per engine: it holds the scratch memory, the requests hold their own <see cref="SamplerState"/>.
/// Allocates nothing per token unless log-probabilities are asked for. Not thread-safe.
/// </summary>
internal sealed class Sampler
{
    private readonly float[] _scratch;
    private readonly float[] _raw;
    private readonly int[] _indices;
    private readonly CandidateSampler _candidates;

    public Sampler(int vocabularySize)
    {
        _scratch = new float[vocabularySize];
        _raw = new float[vocabularySize];
        _indices = new int[vocabularySize];
        _candidates = new CandidateSampler(vocabularySize);
    }

    /// <summary>
    /// Chooses from a row's candidates the token that <see cref="Sample"/> would choose from the row, and notes it in the state. Where they
    /// cannot tell, nothing is noted.
    /// </summary>
    /// <param name="candidates">Candidates; not overwritten.</param>
    /// <param name="state">The request's state, with a <see cref="SamplerState.CandidateTemperature"/>.</param>
    /// <param name="token">The token.</param>
    /// <param name="logProbabilities">Filled when the options ask for it.</param>
    /// <returns>Whether they could tell.</returns>
    public bool TrySample(
        RowCandidates candidates, SamplerState state, out int token, out TokenLogProbabilities? logProbabilities)
    {
        logProbabilities = null;
        token = _candidates.Choose(candidates, state);
        if (token < 0 || (state.Options.TopLogProbabilities is { } top
            && (logProbabilities = _candidates.Describe(candidates, token, top)) is null))
        {
            return false;
        }

        state.Accept(token);
        return true;
    }

    /// <summary>Chooses the next token and notes it in the state.</summary>
    /// <param name="logits">Row of <c>[vocabulary]</c>; overwritten.</param>
    /// <param name="state">The request's state.</param>
    /// <param name="logProbabilities">Filled when the options ask for it.</param>
    public int Sample(Span<float> logits, SamplerState state, out TokenLogProbabilities? logProbabilities)
    {
        bool wantsLogProbabilities = state.Options.TopLogProbabilities is not null;
        if (wantsLogProbabilities)
        {
            logits.CopyTo(_raw);
        }

        int token = Choose(logits, state);
        logProbabilities = wantsLogProbabilities ? Describe(_raw, token, state.Options.TopLogProbabilities!.Value) : null;
        state.Accept(token);
        return token;
    }

    /// <summary>Log-probabilities of the chosen and the most probable tokens under the raw logits.</summary>
    public TokenLogProbabilities Describe(ReadOnlySpan<float> rawLogits, int chosen, int top)
    {
        double logSum = LogSumExp(rawLogits);
        Span<float> keys = _scratch.AsSpan(0, rawLogits.Length);
        var best = new TokenLogProbability[Math.Min(top, rawLogits.Length)];
        rawLogits.CopyTo(keys);
        for (int i = 0; i < best.Length; i++)
        {
            int index = TensorPrimitives.IndexOfMax(keys);
            best[i] = new TokenLogProbability(index, (float)(rawLogits[index] - logSum));
            keys[index] = float.NegativeInfinity;
        }

        return new TokenLogProbabilities(new TokenLogProbability(chosen, (float)(rawLogits[chosen] - logSum)), best);
    }

    /// <summary>The same with the rank of the chosen token, equal ones by their ids.</summary>
    public TokenLogProbabilities DescribeRanked(ReadOnlySpan<float> rawLogits, int chosen, int top)
    {
        float logit = rawLogits[chosen];
        int rank = 1;
        for (int i = 0; i < rawLogits.Length; i++)
        {
            rank += rawLogits[i] > logit || (rawLogits[i] == logit && i < chosen) ? 1 : 0;
        }

        return Describe(rawLogits, chosen, top) with { Rank = rank };
    }

    /// <summary>Logarithm of the sum of the exponentials, in double.</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        float max = TensorPrimitives.Max(logits);
        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }

        return max + Math.Log(sum);
    }

    /// <summary>Index of the largest logit, the first of equal ones.</summary>
    public static int ArgMax(ReadOnlySpan<float> logits) => RequirePossible(BestOf(logits));

    /// <summary>Index of the largest logit, the first of equal ones; -1 where none is finite, or one is not a number.</summary>
    public static int BestOf(ReadOnlySpan<float> logits)
    {
        int index = TensorPrimitives.IndexOfMax(logits); // of a row with a NaN, its place
        return index >= 0 && float.IsFinite(logits[index]) ? index : -1;
    }

    /// <summary>The token, unless it is -1.</summary>
    /// <exception cref="InferometerException">It is: a row held no finite number, or one that is none.</exception>
    public static int RequirePossible(int token) => token >= 0
        ? token
        : throw new InferometerException("sampling: no token is possible: every logit is negative infinity, or one is not a number.");

    private int Choose(Span<float> logits, SamplerState state)
    {
        state.Shape(logits);
        if (state.Options.IsGreedy)
        {
            return ArgMax(logits);
        }

        LogitTransforms.ToProbabilities(logits, state.Options, _scratch, _indices);
        return LogitTransforms.Draw(logits, state.Random.Uniform(state.OutputTokens));
    }
}
