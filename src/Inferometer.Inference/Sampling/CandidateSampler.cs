using System.Numerics.Tensors;
using Inferometer.Runners;

namespace Inferometer.Inference.Sampling;

/// <summary>
/// Chooses from a row's candidates what would be chosen from the whole row, or says that they cannot tell. Where no other token can be
/// chosen, the arithmetic is that of the whole row, number for number. Where others have a part in the sum alone, bounds of the sum decide:
/// a token counts only where every sum within them gives the same one. Allocates nothing without log-probabilities. Not thread-safe.
/// </summary>
internal sealed class CandidateSampler(int vocabularySize)
{
    private const int Undecided = -1;

    // Above what rounding to floats, and sums of them, can move: a share is rounded three times.
    private const double Rounding = 1e-6;

    // Vectors of floats are at most so long; fewer numbers would take another path through the exponential function.
    private const int LeastLength = 16;

    private float[] _shares = [];
    private float[] _scratch = [];
    private int[] _order = [];

    /// <summary>The token that <see cref="Sampler.Sample"/> would choose; -1 where that takes the whole row.</summary>
    public int Choose(RowCandidates candidates, SamplerState state)
    {
        int count = candidates.Tokens.Length, length = Math.Max(count + 1, LeastLength);
        if (vocabularySize < LeastLength)
        {
            return Undecided;
        }

        if (_shares.Length < length)
        {
            (_shares, _scratch, _order) = (new float[length], new float[length], new int[length]);
        }

        Span<float> shares = _shares.AsSpan(0, length);
        candidates.Logits.CopyTo(shares);
        shares[count..].Fill(float.NegativeInfinity);
        bool hasChanged = state.Shape(candidates.Tokens, shares[..count]);
        int best = Sampler.BestOf(shares[..count]);
        float max = best >= 0 ? shares[best] : float.NaN;
        if (!(max > candidates.Ceiling))
        {
            return Undecided; // shaped, another token may be above all of them
        }

        SamplingOptions options = state.Options;
        if (options.IsGreedy)
        {
            return candidates.Tokens[best];
        }

        shares[count] = candidates.Ceiling;
        LogitTransforms.ToShares(shares, max, options.Temperature);
        double ceiling = shares[count] * (1 + Rounding);
        Span<float> own = shares[..count];
        bool isAlone = float.IsNegativeInfinity(candidates.Ceiling) || ceiling < options.MinP;
        if (options.MinP > 0)
        {
            LogitTransforms.DropBelow(own, options.MinP);
        }

        if (options.TopK > 0 && options.TopK < vocabularySize)
        {
            isAlone |= options.TopK <= count && KeepsNoOther(own, options.TopK, ceiling);
            if (!isAlone)
            {
                return Undecided;
            }
        }

        if (isAlone)
        {
            LogitTransforms.Finish(own, options.TopP, vocabularySize, _scratch, _order);
            return candidates.Tokens[LogitTransforms.Draw(own, state.Random.Uniform(state.OutputTokens))];
        }

        return options.MinP > 0 || options.TopP >= 1
            ? Undecided
            : FromNucleus(candidates, own, Sum(candidates, own, max, hasChanged, state, ceiling), ceiling, state);
    }

    /// <summary>
    /// Log-probabilities of the chosen and the most probable tokens under the raw logits, within <see cref="RowCandidates.MassError"/> of
    /// those of the row; null where they are not all among the candidates.
    /// </summary>
    public TokenLogProbabilities? Describe(RowCandidates candidates, int chosen, int top)
    {
        ReadOnlySpan<float> logits = candidates.Logits;
        double logSum = TensorPrimitives.Max(logits) + Math.Log(candidates.PlainMass);
        var best = new TokenLogProbability[Math.Min(top, vocabularySize)];
        Span<float> rest = _scratch.AsSpan(0, logits.Length);
        logits.CopyTo(rest);
        for (int i = 0; i < best.Length; i++)
        {
            int at = TensorPrimitives.IndexOfMax(rest);
            if (!(rest[at] > candidates.Ceiling))
            {
                return null;
            }

            best[i] = new TokenLogProbability(candidates.Tokens[at], (float)(logits[at] - logSum));
            rest[at] = float.NegativeInfinity;
        }

        int place = candidates.Tokens.BinarySearch(chosen);
        return new TokenLogProbabilities(new TokenLogProbability(chosen, (float)(logits[place] - logSum)), best);
    }

    // The largest, where no other token is among them: all others are below the least that is kept.
    private bool KeepsNoOther(Span<float> shares, int count, double ceiling)
    {
        LogitTransforms.KeepLargest(shares, count, _scratch);
        float least = float.PositiveInfinity;
        int kept = 0;
        foreach (float share in shares)
        {
            least = share > 0 ? Math.Min(least, share) : least;
            kept += share > 0 ? 1 : 0;
        }

        return kept == count && least > ceiling;
    }

    /// <summary>Bounds of the sum of all tokens' shares, relative to the greatest of the shaped logits.</summary>
    private (double Low, double High) Sum(
        RowCandidates candidates, ReadOnlySpan<float> shares, float max, bool hasChanged, SamplerState state, double ceiling)
    {
        double own = 0, raw = 0, temperature = state.Options.Temperature;
        for (int i = 0; i < shares.Length; i++)
        {
            own += shares[i];
            raw += hasChanged ? Math.Exp((candidates.Logits[i] - max) / temperature) : shares[i];
        }

        // Shaped, others have become less, each by no more than what it can have been.
        double all = candidates.Mass * Math.Exp((TensorPrimitives.Max(candidates.Logits) - max) / temperature);
        double error = (RowCandidates.MassError * all) + (Rounding * raw);
        double lost = state.ShapedTokens * ceiling;
        return (own + Math.Max(0, all - raw - error - lost), own + Math.Max(0, all - raw + error));
    }

    /// <summary>The draw from the fewest most probable tokens that reach the mass.</summary>
    private int FromNucleus(
        RowCandidates candidates, Span<float> shares, (double Low, double High) sum, double ceiling, SamplerState state)
    {
        double mass = state.Options.TopP;
        int count = shares.Length, kept = 0;
        Span<float> keys = _scratch.AsSpan(0, count);
        Span<int> order = _order.AsSpan(0, count);
        for (int i = 0; i < count; i++)
        {
            (keys[i], order[i]) = (-shares[i], i);
        }

        keys.Sort(order);
        double before = 0, reached = 0;
        while (kept < count && (kept == 0 || reached < mass * sum.Low))
        {
            before = reached;
            reached -= keys[kept++];
        }

        double least = -keys[kept - 1], next = kept < count ? -keys[kept] : 0;
        double floor = (1 - mass) / vocabularySize * sum.High;
        bool isDecided = reached * (1 - Rounding) >= mass * sum.High && (kept == 1 || before * (1 + Rounding) < mass * sum.Low)
            && least > Math.Max(ceiling, Math.Max(next, floor) * (1 + Rounding)) && double.IsFinite(sum.High);
        return isDecided ? Draw(candidates.Tokens, shares, least, reached, state) : Undecided;
    }

    /// <summary>The token at which the running sum of those kept passes the random number, where rounding cannot make it another.</summary>
    private static int Draw(ReadOnlySpan<int> tokens, ReadOnlySpan<float> shares, double least, double total, SamplerState state)
    {
        double target = state.Random.Uniform(state.OutputTokens) * total, margin = Rounding * total, sum = 0;
        int last = -1;
        for (int i = 0; i < shares.Length; i++)
        {
            if (shares[i] < least)
            {
                continue;
            }

            if (last >= 0 && Math.Abs(sum - target) <= margin)
            {
                return Undecided;
            }

            sum += shares[i];
            last = i;
            if (sum > target + margin)
            {
                return tokens[i];
            }
        }

        return last < 0 ? Undecided : tokens[last];
    }
}
